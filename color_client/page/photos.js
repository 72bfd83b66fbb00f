// The photos of this visit, each with what became of it.
import { noHints } from "./hints.js";
import { gray } from "./pixels.js";

export class Photo {
  constructor(file) {
    this.file = file;
    this.url = URL.createObjectURL(file);
    this.was = file; // the picture of "before"
    this.before = this.url; // the address of "before": the file's own, or of what was made for it
    this.unseen = false; // whether the browser cannot show the file itself
    this.state = "waiting"; // then "working", then "done" or "failed"
    this.said = null; // of one that failed: {text, again}
    this.answers = []; // the last one, or the two side by side; see exchange.js
    this.first = null; // the answer that has color, which vividness follows from
    this.hints = noHints();
  }

  get name() {
    return this.file.name;
  }

  // Whether the browser can show the file itself. Where not, "before" has yet to be made.
  async look() {
    const seen = await createImageBitmap(this.file).then((bitmap) => bitmap.close() ?? true,
      () => false);
    this.unseen = !seen;
    if (this.unseen && this.before === this.url) this.before = null;
  }

  // "Before" of what the browser cannot show: the luminance of `answer`, which is the photo's own.
  async makeBefore(answer) {
    if (this.before) return;
    this.was = await gray(answer.picture);
    this.before = URL.createObjectURL(this.was);
  }

  // One answer in place of all there are, or `beside` the last of them.
  add(answer, beside) {
    this.settle(beside ? [...this.answers.slice(-1), answer] : [answer]);
    const { hints, vividness } = answer.wish.fields;
    if (!(Number(vividness) > 0) || (this.first && !hints)) return;
    const last = this.first;
    this.first = answer;
    if (last && !this.answers.includes(last)) URL.revokeObjectURL(last.url);
  }

  keep(answer) {
    this.settle([answer]);
  }

  settle(answers) {
    const kept = new Set([...answers, this.first]);
    for (const each of this.answers) if (!kept.has(each)) URL.revokeObjectURL(each.url);
    this.answers = answers;
  }

  // What it is saved as, without the ending.
  get saveName() {
    const { ending } = this.answers.at(-1).wish;
    return `${this.name.replace(/\.[^.]*$/, "") || "photo"}-${ending}`;
  }

  drop() {
    for (const answer of new Set([...this.answers, this.first])) {
      if (answer) URL.revokeObjectURL(answer.url);
    }
    URL.revokeObjectURL(this.url);
    if (this.before) URL.revokeObjectURL(this.before);
  }
}
