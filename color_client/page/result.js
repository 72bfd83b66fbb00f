// The photo that is looked at: before and after under the slider, or two answers beside each other.
import { Comparison } from "./comparison.js";
import { openFullSize } from "./full_size.js";
import { Hints } from "./hints.js";
import { Slider } from "./slider.js";
import { Thumbs } from "./thumbs.js";

const byId = (id) => document.getElementById(id);
// Sums of linear light: what the filter of vividness keeps.
const LUMINANCE = [0.2126, 0.7152, 0.0722];

// How fast an answer came, and, for whoever asks, by which model: a name is not to be judged.
function showDetails(answer, place) {
  const open = Boolean(place.querySelector("details")?.open);
  place.textContent = `${answer.seconds.toFixed(1)} s`;
  if (!answer.model) return;
  const which = document.createElement("details");
  which.open = open;
  const [question, model] = [document.createElement("summary"), document.createElement("b")];
  question.textContent = "Which model?";
  model.textContent = `by ${answer.model}`;
  which.append(question, " ", model);
  place.append(" · ", which);
}

export class Result {
  // `hinted()` hears of every change of the hints on the photo, `again()` that two more answers are
  // to be compared.
  constructor({ hinted, again }) {
    this.photo = null; // see photos.js
    this.before = byId("before");
    this.after = byId("after");
    this.frame = byId("before-after");
    this.slider = new Slider(this.frame, byId("slide"), (x, y) => this.pointedAt(x, y));
    this.hints = new Hints(this.frame, this.after, hinted, (x, y) => this.openFull({ x, y }));
    this.thumbs = new Thumbs();
    this.comparison = new Comparison({
      use: (answer) => this.use(answer),
      leave: () => this.leave(),
      again,
    });
    byId("open-full").addEventListener("click", () => this.openFull());
    this.before.addEventListener("load", () => {
      if (!this.photo) return;
      this.slider.fit(this.before);
      this.frame.hidden = Boolean(this.photo.comparison);
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
    return this.photo?.answer;
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
    this.comparison.show(null);
    byId("result").hidden = true;
  }

  // Another photo, finished or not.
  show(photo) {
    this.photo = photo;
    this.hints.show(null);
    this.comparison.show(null);
    this.frame.classList.remove("alone", "reveal");
    this.frame.classList.toggle("waiting", !photo.answer);
    this.frame.hidden = this.after.hidden = byId("bar").hidden = byId("had-color").hidden = true;
    if (photo.before) this.before.src = photo.before;
    else this.before.removeAttribute("src");
    this.frame.classList.toggle("alone", !photo.before);
    byId("result").hidden = false;
    if (photo.comparison) this.showComparison();
    else if (photo.answer) this.showAnswer("stay");
  }

  // The photo's last answer under the slider. `reveal`: "first", color comes in from the right;
  // "after", the slider shows all of it; "stay", the slider stays.
  showAnswer(reveal) {
    const { answer, photo } = this;
    this.comparison.show(null);
    this.frame.hidden = byId("bar").hidden = false;
    this.frame.classList.remove("waiting");
    this.after.onload = () => {
      this.after.classList.remove("following");
      this.slider.fit(this.after);
      if (reveal === "after") this.slider.set(0, true);
      if (reveal !== "first") return;
      this.slider.set(100);
      requestAnimationFrame(() => requestAnimationFrame(() => this.slider.set(50, true)));
    };
    this.after.src = answer.url;
    this.after.hidden = false;
    this.hints.show(answer.wish.takesHints ? photo.hints : null);
    byId("had-color").hidden = !answer.hadColor;
    showDetails(answer, byId("made"));
    this.thumbs.show(answer);
    if (photo.before) this.showBefore();
  }

  // "Before" where it was made of the answer.
  showBefore() {
    if (this.before.getAttribute("src") !== this.photo.before) this.before.src = this.photo.before;
    this.frame.classList.remove("alone");
  }

  // Nothing else of the photo is on the page, which would tell who made the two.
  showComparison() {
    this.frame.hidden = byId("bar").hidden = true;
    this.hints.show(null);
    byId("made").textContent = "";
    this.after.removeAttribute("src");
    this.comparison.show(this.photo.comparison);
  }

  // One of the two in place of the answer that was there.
  use(answer) {
    const same = answer.wish.look === this.answer.wish.look;
    this.photo.use(answer);
    answer.wish.select?.();
    this.leave(same ? "stay" : "after");
  }

  // From the comparison back to the answer alone.
  leave(reveal = "stay") {
    this.photo.compare(null);
    this.showAnswer(reveal);
    byId("compare").focus({ preventScroll: true });
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
