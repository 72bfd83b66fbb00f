// Pictures under one glass: where one of them is zoomed, all are, at the same place.
const LEAST = 2;
const MOST = 8;
const STEP = 0.1;
const MIDDLE = { x: 0.5, y: 0.5 };
const STEPS = {
  ArrowLeft: { x: -STEP, y: 0 },
  ArrowRight: { x: STEP, y: 0 },
  ArrowUp: { x: 0, y: -STEP },
  ArrowDown: { x: 0, y: STEP },
};
const clamp = (share) => Math.min(1, Math.max(0, share));

// The place of an event in its frame, as shares of it.
function placeOf({ clientX, clientY, currentTarget }) {
  const { left, top, width, height } = currentTarget.getBoundingClientRect();
  return { x: clamp((clientX - left) / width), y: clamp((clientY - top) / height) };
}

export class Magnifier {
  // `frames` are buttons that hold a picture each. A click zooms and goes back; what a mouse, a
  // finger or shift with the arrow keys points at is in view.
  constructor(frames) {
    this.frames = frames;
    for (const frame of frames) {
      // A keyboard's click has no place.
      frame.addEventListener("click", (event) => this.toggle(event.detail ? placeOf(event) : MIDDLE));
      frame.addEventListener("pointermove", (event) => this.near && this.look(placeOf(event)));
      frame.addEventListener("keydown", (event) => this.walk(event));
    }
    this.away();
  }

  away() {
    this.near = true;
    this.toggle(MIDDLE);
  }

  toggle(place) {
    this.near = !this.near;
    this.look(place);
    for (const frame of this.frames) {
      const picture = frame.querySelector("img");
      const own = picture.naturalWidth / frame.clientWidth || 1;
      const scale = this.near ? Math.min(MOST, Math.max(LEAST, own)) : 1;
      picture.style.setProperty("--scale", scale);
      frame.setAttribute("aria-pressed", String(this.near));
    }
  }

  look(place) {
    this.place = place;
    for (const { style } of this.frames) {
      style.setProperty("--x", `${100 * place.x}%`);
      style.setProperty("--y", `${100 * place.y}%`);
    }
  }

  walk(event) {
    const step = this.near && event.shiftKey && STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    this.look({ x: clamp(this.place.x + step.x), y: clamp(this.place.y + step.y) });
  }
}
