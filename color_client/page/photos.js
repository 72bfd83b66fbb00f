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
    this.failure = null; // of one that failed: {text, again}
    this.answer = null; // the last one; see exchange.js
    this.first = null; // the answer that has color, which vividness follows from
    this.comparison = null; // while two answers stand beside each other; see comparison.js
    this.hints = noHints();
  }

  get name() {
    return this.file.name;
  }

  // Whether the browser can show the file itself. Where not, "before" has yet to be made.
  async checkPreview() {
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

  // A new answer in place of all there are.
  take(answer) {
    const { hints, vividness } = answer.wish.fields;
    this.settle(answer, Number(vividness) > 0 && (!this.first || hints) ? answer : this.first);
  }

  // One of the two that were compared: vividness follows from its colors now.
  use(answer) {
    this.settle(answer, Number(answer.wish.fields.vividness) > 0 ? answer : this.first);
  }

  compare(comparison) {
    this.settle(this.answer, this.first, comparison);
  }

  settle(answer, first, comparison = null) {
    const had = this.answers;
    Object.assign(this, { answer, first, comparison });
    const has = new Set(this.answers);
    for (const each of had) if (!has.has(each)) URL.revokeObjectURL(each.url);
  }

  get answers() {
    return [this.answer, this.first, ...(this.comparison?.answers ?? [])].filter(Boolean);
  }

  // What it is saved as, without the ending.
  get saveName() {
    return `${this.name.replace(/\.[^.]*$/, "") || "photo"}-${this.answer.wish.ending}`;
  }

  drop() {
    for (const answer of this.answers) URL.revokeObjectURL(answer.url);
    URL.revokeObjectURL(this.url);
    if (this.before) URL.revokeObjectURL(this.before);
  }
}
