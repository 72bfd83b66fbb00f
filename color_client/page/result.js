// The photo that is looked at: before and after under the slider, or two answers side by side.
import { Compare } from "./compare.js";
import { openFullSize } from "./full_size.js";
import { Hints } from "./hints.js";

const byId = (id) => document.getElementById(id);
// Sums of linear light: what the filter of vividness keeps.
const LUMINANCE = [0.2126, 0.7152, 0.0722];

// Who made an answer, and how fast, into the element `place`.
function madeBy(answer, place) {
  place.textContent = "";
  if (answer.model) {
    const model = document.createElement("b");
    model.textContent = answer.model;
    place.append("by ", model, " · ");
  }
  place.append(`${answer.seconds.toFixed(1)} s`);
}

async function same(one, two) {
  if (one.size !== two.size) return false;
  const [left, right] = await Promise.all([one.arrayBuffer(), two.arrayBuffer()]);
  const other = new Uint8Array(right);
  return new Uint8Array(left).every((byte, index) => byte === other[index]);
}

export class Result {
  // `hinted()` hears of every change of the hints on the photo.
  constructor(hinted) {
    this.photo = null; // {file, url, before, answers, first}; see photos.js
    this.before = byId("before");
    this.after = byId("after");
    this.frame = byId("compare");
    this.compare = new Compare(this.frame, byId("slide"), (x, y) => this.pointedAt(x, y));
    this.hints = new Hints(this.frame, this.after, hinted, (x, y) => this.openFull({ x, y }));
    byId("open-full").addEventListener("click", () => this.openFull());
    this.before.addEventListener("load", () => {
      if (!this.photo) return;
      this.compare.fit(this.before);
      this.frame.hidden = !byId("answers").hidden;
    });
    // A TIFF, say, which most browsers cannot show: then the finished picture stands alone until
    // "before" is made of it.
    this.before.addEventListener("error", () => {
      this.before.removeAttribute("src");
      this.frame.classList.add("alone");
      if (this.photo) this.photo.unseen = true;
    });
  }

  get answer() {
    return this.photo?.answers.at(-1);
  }

  // A click on the finished picture: its color there can be put right, where the model takes hints.
  pointedAt(x, y) {
    if (this.answer?.wish.takesHints) this.hints.add(x, y);
    else this.openFull({ x, y });
  }

  openFull(place) {
    if (this.answer) openFullSize(this.answer.url, this.photo.before, place);
  }

  nothing() {
    this.photo = null;
    byId("result").hidden = true;
  }

  // Another photo, finished or not.
  show(photo) {
    this.photo = photo;
    this.hints.show(null);
    this.frame.classList.remove("alone", "reveal");
    this.frame.classList.toggle("waiting", !photo.answers.length);
    this.frame.hidden = true;
    this.after.hidden = byId("answers").hidden = byId("bar").hidden = byId("had-color").hidden = true;
    if (photo.before) this.before.src = photo.before;
    else this.before.removeAttribute("src");
    this.frame.classList.toggle("alone", !photo.before);
    byId("result").hidden = false;
    if (photo.answers.length > 1) this.showBoth(...photo.answers);
    else if (photo.answers.length) this.showAnswer("stay");
  }

  // The photo's last answer under the slider. `reveal`: "first", color comes in from the right;
  // "after", the slider shows all of it; "stay", the slider stays.
  showAnswer(reveal) {
    const { answer, photo } = this;
    byId("answers").hidden = true;
    this.frame.hidden = byId("bar").hidden = byId("saving").hidden = byId("open-full").hidden = false;
    this.frame.classList.remove("waiting");
    this.after.onload = () => {
      this.after.classList.remove("following");
      this.compare.fit(this.after);
      if (reveal === "after") this.compare.set(0, true);
      if (reveal !== "first") return;
      this.compare.set(100);
      requestAnimationFrame(() => requestAnimationFrame(() => this.compare.set(50, true)));
    };
    this.after.src = answer.url;
    this.after.hidden = false;
    this.hints.show(answer.wish.takesHints ? photo.hints : null);
    byId("had-color").hidden = !answer.hadColor;
    madeBy(answer, byId("made"));
    if (photo.before) this.showBefore();
  }

  // "Before" where it was made of the answer.
  showBefore() {
    if (this.before.getAttribute("src") !== this.photo.before) this.before.src = this.photo.before;
    this.frame.classList.remove("alone");
  }

  // The photo's two answers to the same question, side by side. In a canary they may be of two
  // models. `keep(answer)` is told which one is to stay.
  async showBoth(one, two) {
    const { photo } = this;
    const figures = byId("answers").querySelectorAll("figure");
    for (const [place, answer] of [one, two].entries()) {
      const figure = figures[place];
      const shown = figure.querySelector("img");
      shown.src = answer.url;
      shown.alt = `Answer ${place + 1}${answer.model && `, by ${answer.model}`}`;
      madeBy(answer, figure.querySelector(".by"));
      figure.querySelector(".picture").onclick = () => openFullSize(answer.url, photo.before);
      figure.querySelector(".keep").onclick = () => {
        photo.keep(answer);
        this.showAnswer("stay");
        byId("download").focus();
      };
    }
    this.frame.hidden = byId("saving").hidden = byId("open-full").hidden = true;
    byId("answers").hidden = byId("bar").hidden = false;
    const equal = await same(one.picture, two.picture);
    if (this.photo === photo && !byId("answers").hidden) {
      byId("made").textContent = equal ? "Both are the same picture." : "They are not the same.";
    }
  }

  // The finished picture as it would be with another vividness, at once: the difference from its
  // gray, in linear light, is multiplied. The server multiplies a* and b*, and answers on release.
  follow(vividness) {
    const from = this.photo?.first;
    if (!from || this.frame.hidden || this.frame.classList.contains("waiting")) return;
    const share = vividness / Number(from.wish.fields.vividness);
    const rows = LUMINANCE.map((_, row) => [
      ...LUMINANCE.map((light, column) => light * (1 - share) + (row === column ? share : 0)), 0, 0,
    ]);
    byId("vivid-matrix").setAttribute("values", [...rows.flat(), 0, 0, 0, 1, 0].join(" "));
    this.after.onload = null;
    if (this.after.getAttribute("src") !== from.url) this.after.src = from.url;
    this.after.classList.add("following");
  }

  // Back to the answer itself, where none came for what was followed.
  unfollow() {
    if (!this.answer || !this.after.classList.contains("following")) return;
    this.after.classList.remove("following");
    this.after.src = this.answer.url;
  }
}
