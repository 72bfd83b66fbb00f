// A zip archive of pictures, stored as they are (APPNOTE.TXT of PKWARE, without compression). It
// refers to the pictures' own bytes, which the browser reads as it saves the archive: none is
// copied, and only one is read at a time for its checksum.
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});
const MOST = 0xffffffff;
const VERSION = 20;
const UTF8_NAMES = 0x0800;

export async function crc32(blob) {
  let crc = MOST;
  const reader = blob.stream().getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    for (const byte of part.value) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff];
  }
  return ~crc >>> 0;
}

// Little-endian numbers one after another: pairs of [bytes, value].
function packed(...fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return view;
}

function dosTime(now) {
  const time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
  const date = ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
  return [[2, time], [2, date]];
}

// The archive, a Blob, of `files`: [{name, blob}], each name once. Throws RangeError where it would
// be larger than 4 GB.
export async function zip(files, now = new Date()) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const { name, blob } of files) {
    const text = new TextEncoder().encode(name);
    const common = [[2, VERSION], [2, UTF8_NAMES], [2, 0], ...dosTime(now),
      [4, await crc32(blob)], [4, blob.size], [4, blob.size], [2, text.length], [2, 0]];
    directory.push(packed([4, 0x02014b50], [2, VERSION], ...common, [2, 0], [2, 0], [2, 0], [4, 0],
      [4, at]), text);
    const head = packed([4, 0x04034b50], ...common);
    parts.push(head, text, blob);
    at += head.byteLength + text.length + blob.size;
    if (at > MOST) throw new RangeError("more than 4 GB");
  }
  const size = directory.reduce((sum, part) => sum + part.byteLength, 0);
  const end = packed([4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length],
    [4, size], [4, at], [2, 0]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
