// Pictures made in the browser from those that came: gray, JPEG, before and after side by side.
const ROWS = 256;
const JPEG_QUALITY = 0.92;
const PAIR_SIDE = 2000;
const GAP = 8;
// Linear light of an 8-bit level of sRGB, and back in steps of 1/4096.
const linear = (level) =>
  level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
const LIGHT = Float32Array.from({ length: 256 }, (_, level) => linear(level / 255));
const LEVEL = Uint8ClampedArray.from({ length: 4097 }, (_, step) => {
  const light = step / 4096;
  return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);
});

function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  return [canvas, canvas.getContext("2d")];
}

function saved(canvas, type) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("too large"))), type,
      JPEG_QUALITY);
  });
}

// The luminance of a picture, as a gray picture of the same size.
export async function gray(picture) {
  const bitmap = await createImageBitmap(picture);
  const [canvas, context] = canvasOf(bitmap.width, bitmap.height);
  context.drawImage(bitmap, 0, 0);
  for (let top = 0; top < canvas.height; top += ROWS) {
    const strip = context.getImageData(0, top, canvas.width, Math.min(ROWS, canvas.height - top));
    const { data } = strip;
    for (let at = 0; at < data.length; at += 4) {
      const light = 0.2126 * LIGHT[data[at]] + 0.7152 * LIGHT[data[at + 1]] +
        0.0722 * LIGHT[data[at + 2]];
      data[at] = data[at + 1] = data[at + 2] = LEVEL[Math.round(4096 * light)];
    }
    context.putImageData(strip, 0, top);
  }
  bitmap.close();
  return saved(canvas, "image/png");
}

// A picture as JPEG, on white where it is transparent, with the EXIF of a PNG kept.
export async function jpeg(picture) {
  const bitmap = await createImageBitmap(picture);
  const [canvas, context] = canvasOf(bitmap.width, bitmap.height);
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const made = await saved(canvas, "image/jpeg");
  const exif = exifOf(new DataView(await picture.arrayBuffer()));
  if (!exif || exif.byteLength > 65_000) return made;
  const head = new DataView(new ArrayBuffer(10));
  head.setUint16(0, 0xffe1);
  head.setUint16(2, exif.byteLength + 8);
  head.setUint32(4, 0x45786966); // "Exif", and two zeros
  return new Blob([made.slice(0, 2), head, exif, made.slice(2)], { type: "image/jpeg" });
}

// The data of a PNG's chunk eXIf, which is the block that JPEG has behind "Exif".
function exifOf(png) {
  if (png.getUint32(0) !== 0x89504e47) return null;
  for (let at = 8; at + 8 <= png.byteLength; at += 12 + png.getUint32(at)) {
    if (png.getUint32(at + 4) === 0x65584966) {
      return new Uint8Array(png.buffer, at + 8, png.getUint32(at));
    }
  }
  return null;
}

// Before and after in one picture, beside each other or, where that is wide, one above the other.
export async function pair(before, after, type) {
  const bitmaps = await Promise.all([before, after].map((each) => createImageBitmap(each)));
  const { width: fullWidth, height: fullHeight } = bitmaps[1];
  const scale = Math.min(1, PAIR_SIDE / Math.max(fullWidth, fullHeight));
  const width = Math.round(fullWidth * scale);
  const height = Math.round(fullHeight * scale);
  const beside = width <= 2 * height;
  const [canvas, context] = beside
    ? canvasOf(2 * width + GAP, height) : canvasOf(width, 2 * height + GAP);
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmaps[0], 0, 0, width, height);
  context.drawImage(bitmaps[1], beside ? width + GAP : 0, beside ? 0 : height + GAP, width, height);
  for (const bitmap of bitmaps) bitmap.close();
  return saved(canvas, type);
}
