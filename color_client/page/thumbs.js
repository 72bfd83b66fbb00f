// One thumb, up or down, for the answer that is looked at.
import { rate, whyNotCounted } from "./feedback.js";

const byId = (id) => document.getElementById(id);

export class Thumbs {
  constructor() {
    this.buttons = [...byId("thumbs").querySelectorAll("button")];
    for (const button of this.buttons) {
      button.addEventListener("click", () => this.press(this.answer, Number(button.value)));
    }
  }

  show(answer) {
    this.answer = answer;
    byId("thumbs").hidden = !answer.receipt;
    this.draw();
  }

  draw() {
    const { rating, ratingMessage } = this.answer;
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(Number(button.value) === rating));
    }
    byId("rating-told").textContent = ratingMessage ?? "";
  }

  // The same thumb is said once; what the server says of another mind is told.
  async press(answer, rating) {
    if (answer.rating === rating || answer.isRating) return;
    answer.isRating = true;
    try {
      await rate(answer, rating);
      Object.assign(answer, { rating, ratingMessage: "Thank you." });
    } catch (error) {
      answer.ratingMessage = whyNotCounted(error).text;
    }
    answer.isRating = false;
    if (this.answer === answer) this.draw();
  }
}
