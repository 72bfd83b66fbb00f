// Colors put right by pointing at them: the hints on a picture, with undo and redo. Each is
// {x, y, color} or {x, y, keep: true}, as POST predict takes it; x and y are shares of the picture.
import { STILL } from "./slider.js";
import { askForColor } from "./palette.js";

const byId = (id) => document.getElementById(id);
const clamp = (share) => Math.min(1, Math.max(0, share));
// Arrow keys go so far, with shift and without, in shares of the picture.
const FAR = 0.1;
const NEAR = 0.01;

// The history of a photo's hints: those now, and the lists before and after the last changes.
export const noHints = () => ({ all: [], past: [], future: [] });

// What is sent of it; nothing where nothing was ever pointed at. `model` is whose colors they are.
export function hintFields({ all, past }, model) {
  if (!all.length && !past.length) return {};
  return { hints: JSON.stringify(all), ...(model && { model }) };
}

export class Hints {
  // `frame` is what the picture fills, `picture` the <img>; `changed()` hears of every change, and
  // `openFullSize(x, y)` is what else one may want of a place.
  constructor(frame, picture, changed, openFullSize) {
    Object.assign(this, { frame, picture, changed, openFullSize });
    this.layer = byId("hints");
    this.pointer = byId("pointer");
    this.place = { x: 0.5, y: 0.5 };
    this.show(null);
    this.pointer.addEventListener("keydown", (event) => this.walk(event));
    this.pointer.addEventListener("click", () => this.add(this.place.x, this.place.y));
    byId("undo").addEventListener("click", () => this.undo());
    byId("redo").addEventListener("click", () => this.redo());
    byId("clear-hints").addEventListener("click", () => this.set([]));
    document.addEventListener("keydown", (event) => this.shortcut(event));
  }

  // The hints of the photo that is shown, by their `history` (see noHints); null: it takes none.
  show(history) {
    // The same dots stay: one of them may have the focus.
    if (history && history === this.history) return;
    this.history = history;
    this.layer.hidden = byId("point-at").hidden = !history;
    this.draw();
  }

  get all() {
    return this.history?.all ?? [];
  }

  set(all) {
    this.history.past.push(this.all);
    this.history.future = [];
    this.turnTo(all);
  }

  undo() {
    if (this.history?.past.length) this.go(this.history.past, this.history.future);
  }

  redo() {
    if (this.history?.future.length) this.go(this.history.future, this.history.past);
  }

  go(from, to) {
    to.push(this.all);
    this.turnTo(from.pop());
  }

  turnTo(all) {
    this.history.all = all;
    this.draw();
    this.changed();
  }

  // Ask for the color of a place, and take it.
  async add(x, y) {
    if (!this.history) return;
    const place = { x: clamp(x), y: clamp(y) };
    const answer = await askForColor(this.frame, this.picture, place, false);
    if (answer === "full size") this.openFullSize(place.x, place.y);
    else if (answer) this.set([...this.all, { ...place, ...answer }]);
  }

  async change(index) {
    const { x, y } = this.all[index];
    const answer = await askForColor(this.frame, this.picture, { x, y }, true);
    if (answer === "full size") this.openFullSize(x, y);
    else if (answer === "remove") this.remove(index);
    else if (answer) {
      this.set(this.all.with(index, { x, y, ...answer }));
      this.layer.querySelectorAll(".dot")[index].focus();
    }
  }

  remove(index) {
    this.set(this.all.toSpliced(index, 1));
    (this.layer.querySelector(".dot") ?? this.pointer).focus();
  }

  move(index, x, y) {
    this.set(this.all.with(index, { ...this.all[index], x: clamp(x), y: clamp(y) }));
    this.layer.querySelectorAll(".dot")[index].focus();
  }

  draw() {
    this.layer.querySelectorAll(".dot").forEach((dot) => dot.remove());
    for (const [index, hint] of this.all.entries()) this.layer.append(this.dot(hint, index));
    const { past = [], future = [] } = this.history ?? {};
    byId("undo").disabled = !past.length;
    byId("redo").disabled = !future.length;
    byId("clear-hints").disabled = !this.all.length;
    byId("hint-tools").hidden = !past.length && !future.length;
  }

  dot(hint, index) {
    const dot = document.createElement("button");
    dot.type = "button";
    dot.className = "dot";
    dot.style.setProperty("--color", hint.color ?? "transparent");
    put(dot, hint);
    const what = hint.color ? `color ${hint.color}` : "keeps its color";
    dot.setAttribute("aria-label", `Hint ${index + 1}: ${what}, ${spoken(hint)}`);
    dot.title = "Click to change, drag or arrow keys to move, Delete to remove";
    dot.addEventListener("keydown", (event) => {
      if (["Delete", "Backspace"].includes(event.key)) this.remove(index);
      else if (step(event)) this.move(index, hint.x + step(event).x, hint.y + step(event).y);
      else return;
      event.preventDefault();
    });
    dot.addEventListener("pointerdown", (event) => this.drag(event, dot, index));
    // A keyboard's click; a mouse's is told from a drag first.
    dot.addEventListener("click", (event) => {
      if (event.detail === 0) this.change(index);
    });
    return dot;
  }

  drag(event, dot, index) {
    if (event.button !== 0) return;
    event.stopPropagation();
    dot.setPointerCapture(event.pointerId);
    const from = { x: event.clientX, y: event.clientY };
    const box = this.frame.getBoundingClientRect();
    let to = null;
    dot.onpointermove = (now) => {
      if (!to && Math.hypot(now.clientX - from.x, now.clientY - from.y) < STILL) return;
      const x = clamp((now.clientX - box.left) / box.width);
      to = { x, y: clamp((now.clientY - box.top) / box.height) };
      put(dot, to);
    };
    dot.onpointerup = dot.onpointercancel = (now) => {
      dot.onpointermove = dot.onpointerup = dot.onpointercancel = null;
      if (now.type === "pointercancel") this.draw();
      else if (to) this.move(index, to.x, to.y);
      else this.change(index);
    };
  }

  // The place moves by the arrow keys; Enter is a click there.
  walk(event) {
    const by = step(event);
    if (!by) return;
    event.preventDefault();
    this.place = { x: clamp(this.place.x + by.x), y: clamp(this.place.y + by.y) };
    put(this.pointer, this.place);
    this.pointer.setAttribute("aria-label", `Point at a color, ${spoken(this.place)}`);
  }

  shortcut(event) {
    const inText = event.target.matches?.("input[type=text], textarea");
    if (!(event.ctrlKey || event.metaKey) || inText || byId("hint-tools").hidden) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) this.undo();
    else if (key === "y" || key === "z") this.redo();
    else return;
    event.preventDefault();
  }
}

function step(event) {
  const by = event.shiftKey ? FAR : NEAR;
  return {
    ArrowLeft: { x: -by, y: 0 },
    ArrowRight: { x: by, y: 0 },
    ArrowUp: { x: 0, y: -by },
    ArrowDown: { x: 0, y: by },
  }[event.key];
}

function put(element, { x, y }) {
  element.style.setProperty("--x", `${100 * x}%`);
  element.style.setProperty("--y", `${100 * y}%`);
}

const spoken = ({ x, y }) =>
  `${Math.round(100 * x)} % from the left, ${Math.round(100 * y)} % from the top`;
