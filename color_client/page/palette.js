// The palette: which color should this place have?
const byId = (id) => document.getElementById(id);
const palette = byId("palette");

// The color wanted at a place of the picture: {color} or {keep: true}; "remove", "full size", or
// null where the person leaves. `there` says whether it has a hint already.
export function askForColor(frame, picture, place, there) {
  const has = colorAt(picture, place);
  byId("has").style.setProperty("--color", has);
  byId("has").value = has;
  byId("any-color").value = has;
  byId("remove-hint").hidden = !there;
  const box = frame.getBoundingClientRect();
  palette.style.setProperty("--left", `${box.left + place.x * box.width}px`);
  palette.style.setProperty("--top", `${box.top + place.y * box.height}px`);
  palette.returnValue = "";
  palette.showModal();
  keepInside();
  return new Promise((resolve) => {
    palette.addEventListener("close", () => resolve(read(palette.returnValue)), { once: true });
  });
}

function read(chosen) {
  if (chosen.startsWith("#")) return { color: chosen };
  return chosen === "keep" ? { keep: true } : chosen || null;
}

function colorAt(picture, { x, y }) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d");
  const { naturalWidth: width, naturalHeight: height } = picture;
  const left = Math.min(Math.floor(x * width), width - 1);
  const top = Math.min(Math.floor(y * height), height - 1);
  context.drawImage(picture, left, top, 1, 1, 0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return `#${[red, green, blue].map((each) => each.toString(16).padStart(2, "0")).join("")}`;
}

function keepInside() {
  const { width, height } = palette.getBoundingClientRect();
  palette.style.setProperty("--wide", `${width}px`);
  palette.style.setProperty("--high", `${height}px`);
}

for (const swatch of palette.querySelectorAll("[data-color]")) {
  // By script, since the page allows no style attributes.
  swatch.style.setProperty("--color", swatch.dataset.color);
}

palette.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) palette.close(button.value);
});
// Beside it one leaves. Not by a click: a tap that opened the palette ends in one, on what is there.
palette.addEventListener("pointerdown", ({ clientX, clientY }) => {
  const { left, right, top, bottom } = palette.getBoundingClientRect();
  const inside = clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
  if (!inside) palette.close("");
});
byId("any-color").addEventListener("change", (event) => palette.close(event.target.value));
