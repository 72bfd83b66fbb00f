// Before and after in one frame, and the line between them: a thumb, a mouse or the arrow keys move
// it; a click that moves nothing is `clicked(x, y)`, the place as shares of the picture.
// Less is a click, not a drag, in pixels.
export const STILL = 5;

export class Slider {
  constructor(frame, slide, clicked) {
    this.frame = frame;
    this.slide = slide;
    this.drag = null;
    slide.addEventListener("input", () => this.moved());
    frame.addEventListener("pointerdown", (event) => this.down(event, clicked));
    frame.addEventListener("pointermove", (event) => this.move(event));
    frame.addEventListener("pointerup", (event) => this.up(event));
    frame.addEventListener("pointercancel", () => (this.drag = null));
    this.moved();
  }

  get at() {
    return Number(this.slide.value);
  }

  // The line to `at`, 0…100; with `gently` it glides there, where motion is welcome.
  set(at, gently = false) {
    this.frame.classList.toggle("reveal", gently);
    this.slide.value = at;
    this.moved();
  }

  moved() {
    this.frame.style.setProperty("--at", `${this.slide.value}%`);
    this.slide.setAttribute("aria-valuetext", `${this.slide.value}% before, the rest after`);
  }

  // The frame takes the picture's proportions, and grows to twice its size at most.
  fit(picture) {
    const { naturalWidth: width, naturalHeight: height } = picture;
    if (!width || !height) return;
    this.frame.style.setProperty("--ratio", width / height);
    this.frame.style.setProperty("--cap", `${Math.max(320, 2 * width)}px`);
  }

  get still() {
    return this.frame.matches(".waiting, .alone");
  }

  down(event, clicked) {
    if (event.button !== 0) return;
    const onHandle = event.target.id === "handle";
    this.drag = { from: event.clientX, moving: onHandle, clicked: onHandle ? null : clicked };
    if (!this.still) this.frame.setPointerCapture(event.pointerId);
  }

  move(event) {
    if (!this.drag || this.still) return;
    if (!this.drag.moving && Math.abs(event.clientX - this.drag.from) < STILL) return;
    this.drag.moving = true;
    const { left, width } = this.frame.getBoundingClientRect();
    this.set(Math.min(100, Math.max(0, (100 * (event.clientX - left)) / width)));
  }

  up(event) {
    const { drag } = this;
    this.drag = null;
    if (!drag) return;
    if (drag.moving) this.slide.focus({ preventScroll: true });
    else {
      const { left, top, width, height } = this.frame.getBoundingClientRect();
      drag.clicked?.((event.clientX - left) / width, (event.clientY - top) / height);
    }
  }
}
