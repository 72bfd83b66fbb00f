// Two answers beside each other, blind: which is better? Who made which is told after the choice.
import { choose, whyNotCounted } from "./feedback.js";
import { Magnifier } from "./magnifier.js";
import { announce, showError } from "./messages.js";

const byId = (id) => document.getElementById(id);
const NARROW = matchMedia("(max-width: 40rem)");

// What is shown of two answers, in the order in which they stand; `outcome` is what became of the
// choice, once it is counted or can never be.
export const comparisonOf = (answers) => ({ answers, choice: "", sending: false, outcome: "" });

const nameOf = (answer) => answer.model || answer.wish.done;

function verdict({ answers, choice }) {
  if (choice === "both") return "Both are good.";
  if (choice === "neither") return "Neither is good.";
  return `You like ${nameOf(answers[choice === "first" ? 0 : 1])} better.`;
}

export class Comparison {
  // `use(answer)`, `again()` and `leave()` hear of what comes next.
  constructor({ use, again, leave }) {
    this.section = byId("comparison");
    this.figures = [...this.section.querySelectorAll("figure")];
    this.pictures = this.figures.map((figure) => figure.querySelector("img"));
    this.buttons = [...byId("choices").querySelectorAll("button")];
    this.magnifier = new Magnifier(this.figures.map((figure) => figure.querySelector(".picture")));
    for (const button of this.buttons) {
      button.addEventListener("click", () => this.vote(this.shown, button.value));
    }
    for (const [place, figure] of this.figures.entries()) {
      figure.querySelector(".use").addEventListener("click", () => use(this.shown.answers[place]));
    }
    byId("compare-again").addEventListener("click", again);
    byId("leave").addEventListener("click", leave);
    this.section.addEventListener("keydown", (event) => this.key(event));
    this.pictures[0].addEventListener("load", () => {
      this.arrange();
      this.bringIntoView();
    });
    NARROW.addEventListener("change", () => this.arrange());
    this.arrange();
  }

  // `comparison` (see comparisonOf), or null.
  show(comparison) {
    this.shown = comparison;
    this.section.hidden = !comparison;
    if (!comparison) return;
    for (const [place, { url }] of comparison.answers.entries()) this.pictures[place].src = url;
    this.magnifier.away();
    this.draw();
    this.section.focus({ preventScroll: true });
  }

  bringIntoView() {
    this.section.scrollIntoView({ block: "nearest" });
  }

  draw() {
    const { answers, choice, sending, outcome } = this.shown;
    byId("question").textContent = outcome ? verdict(this.shown) : "Which is better?";
    byId("about-choice").textContent = outcome ||
      "Two models made these. You are told which made which after your choice.";
    this.section.setAttribute("aria-busy", String(sending));
    byId("choices").hidden = Boolean(outcome);
    byId("compare-again").hidden = !outcome;
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(button.value === choice));
    }
    for (const [place, figure] of this.figures.entries()) {
      figure.querySelector("figcaption").hidden = !outcome;
      figure.querySelector(".by").textContent = outcome && nameOf(answers[place]);
      figure.classList.toggle("liked", Boolean(outcome) && choice === ["first", "second"][place]);
    }
  }

  // Beside each other, or, where lying pictures would be too small, one above the other.
  arrange() {
    const { naturalWidth: width, naturalHeight: height } = this.pictures[0];
    const stacked = NARROW.matches && width > height;
    this.keys = stacked ? { ArrowUp: "first", ArrowDown: "second" }
      : { ArrowLeft: "first", ArrowRight: "second" };
    Object.assign(this.keys, { b: "both", n: "neither" });
    this.places = stacked ? ["Upper", "Lower"] : ["Left", "Right"];
    this.section.classList.toggle("stacked", stacked);
    if (width) {
      this.section.style.setProperty("--ratio", width / height);
      this.section.style.setProperty("--cap", `${Math.max(160, 2 * width)}px`);
    }
    for (const [place, figure] of this.figures.entries()) {
      const name = this.places[place];
      const button = this.buttons.find(({ value }) => value === ["first", "second"][place]);
      button.querySelector("span").textContent = name;
      button.querySelector("kbd").textContent = stacked ? "↑↓"[place] : "←→"[place];
      button.setAttribute("aria-keyshortcuts", Object.keys(this.keys)[place]);
      figure.querySelector(".picture").setAttribute("aria-label", `${name} picture: look closer`);
    }
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const choice = this.keys[event.key] ?? this.keys[event.key.toLowerCase()];
    if (!choice || this.shown.outcome) return;
    event.preventDefault();
    this.vote(this.shown, choice);
  }

  async vote(comparison, choice) {
    if (comparison.sending || comparison.outcome) return;
    Object.assign(comparison, { choice, sending: true });
    this.draw();
    let failed = null;
    try {
      comparison.outcome = await sendChoice(comparison);
    } catch (error) {
      failed = whyNotCounted(error);
      if (!failed.again) comparison.outcome = failed.text;
    }
    comparison.sending = false;
    if (failed?.again) showError(failed.text, () => this.vote(comparison, choice));
    if (this.shown !== comparison) return;
    this.draw();
    if (comparison.outcome) this.announceOutcome(comparison);
  }

  // For screen readers; and the keyboard's focus goes to what comes next.
  announceOutcome({ answers, outcome }) {
    const who = this.places.map((place, index) => `${place}: ${nameOf(answers[index])}.`);
    announce([verdict(this.shown), outcome, ...who].join(" "), true);
    byId("compare-again").focus({ preventScroll: true });
    this.bringIntoView();
  }
}

// Sends the choice, and says what became of it. Throws Failed.
async function sendChoice({ answers, choice }) {
  if (!answers.every((answer) => answer.receipt)) return "Choices are not collected here.";
  await choose(answers, choice);
  return "Thank you, your choice is counted.";
}
