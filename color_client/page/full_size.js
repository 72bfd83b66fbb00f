// A picture in the whole window: fitted at first, then as near as one likes, by wheel, pinch, drag,
// double click, buttons or keys. What comes nearer is the place that was clicked.
const byId = (id) => document.getElementById(id);
const MOST = 8;
const STEP = 1.5;
const PAN = 80;

const dialog = byId("full");
const frame = byId("full-frame");
const picture = byId("full-picture");
const fingers = new Map(); // by pointer: where it is, {x, y}
let scale = 1;
let x = 0; // of the picture's left upper corner, in the frame
let y = 0;
let place = { x: 0.5, y: 0.5 }; // as shares of the picture

const size = () => [picture.naturalWidth || 1, picture.naturalHeight || 1];
const fitted = () => {
  const [width, height] = size();
  return Math.min(1, frame.clientWidth / width, frame.clientHeight / height);
};

// A picture that is smaller than the frame is in its middle; a larger one leaves no gap.
function within(at, shown, room) {
  return shown <= room ? (room - shown) / 2 : Math.min(0, Math.max(room - shown, at));
}

function draw() {
  const [width, height] = size();
  x = within(x, width * scale, frame.clientWidth);
  y = within(y, height * scale, frame.clientHeight);
  picture.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
  byId("full-size").textContent = `${width} × ${height} · ${Math.round(100 * scale)} %`;
  byId("zoom-out").disabled = scale <= fitted();
  byId("zoom-in").disabled = scale >= MOST;
}

// To another scale, with the point {x, y} of the frame where it is.
function zoom(to, at) {
  const next = Math.min(MOST, Math.max(fitted(), to));
  x = at.x - ((at.x - x) * next) / scale;
  y = at.y - ((at.y - y) * next) / scale;
  scale = next;
  draw();
}

function fit() {
  scale = fitted();
  draw();
}

// To another scale, with the place in the middle.
function nearer(to) {
  const [width, height] = size();
  scale = Math.min(MOST, Math.max(fitted(), to));
  x = frame.clientWidth / 2 - place.x * width * scale;
  y = frame.clientHeight / 2 - place.y * height * scale;
  draw();
}

function pan(right, down) {
  x -= right;
  y -= down;
  draw();
  const [width, height] = size();
  place = {
    x: (frame.clientWidth / 2 - x) / (width * scale),
    y: (frame.clientHeight / 2 - y) / (height * scale),
  };
}

const inFrame = (event) => {
  const { left, top } = frame.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
};

const middle = () => {
  const all = [...fingers.values()];
  return { x: (all[0].x + all.at(-1).x) / 2, y: (all[0].y + all.at(-1).y) / 2 };
};

const apart = () => {
  const [one, two] = fingers.values();
  return two ? Math.hypot(one.x - two.x, one.y - two.y) : 1;
};

frame.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || fingers.size === 2) return;
  frame.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, inFrame(event));
});
frame.addEventListener("pointermove", (event) => {
  if (!fingers.has(event.pointerId)) return;
  const [from, span] = [middle(), apart()];
  fingers.set(event.pointerId, inFrame(event));
  const to = middle();
  pan(from.x - to.x, from.y - to.y);
  if (fingers.size === 2 && span) zoom((scale * apart()) / span, to);
});
for (const type of ["pointerup", "pointercancel"]) {
  frame.addEventListener(type, (event) => fingers.delete(event.pointerId));
}
frame.addEventListener("wheel", (event) => {
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 30 : 1;
  zoom(scale * 1.002 ** (-event.deltaY * lines), inFrame(event));
}, { passive: false });
frame.addEventListener("dblclick", (event) => {
  if (scale > fitted()) fit();
  else zoom(Math.max(1, 2 * scale), inFrame(event));
});

const KEYS = {
  "+": () => nearer(scale * STEP),
  "=": () => nearer(scale * STEP),
  "-": () => nearer(scale / STEP),
  0: fit,
  1: () => nearer(1),
  ArrowLeft: () => pan(-PAN, 0),
  ArrowRight: () => pan(PAN, 0),
  ArrowUp: () => pan(0, -PAN),
  ArrowDown: () => pan(0, PAN),
};
dialog.addEventListener("keydown", (event) => {
  const act = event.ctrlKey || event.metaKey || event.altKey ? null : KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
byId("zoom-in").addEventListener("click", KEYS["+"]);
byId("zoom-out").addEventListener("click", KEYS["-"]);
byId("zoom-fit").addEventListener("click", fit);
byId("zoom-full").addEventListener("click", KEYS[1]);
byId("close-full").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => fingers.clear());
new ResizeObserver(() => {
  if (dialog.open) zoom(scale, { x: 0, y: 0 });
}).observe(frame);

// Shows the address `after`, and `before` where there is one; `at` is the place, as shares.
export function openFullSize(after, before, at = { x: 0.5, y: 0.5 }) {
  const original = byId("original");
  original.hidden = !before;
  original.setAttribute("aria-pressed", "false");
  original.onclick = () => {
    const showBefore = original.getAttribute("aria-pressed") !== "true";
    original.setAttribute("aria-pressed", String(showBefore));
    picture.src = showBefore ? before : after;
  };
  place = at;
  let opening = true;
  picture.onload = () => {
    if (opening) fit();
    opening = false;
  };
  picture.src = after;
  dialog.showModal();
  frame.focus();
}
