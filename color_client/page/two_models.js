// Two answers of different models to one photo.
import { ask } from "./exchange.js";

const MOST_TRIES = 8;

// Which of the two comes first must not tell who made it.
const heads = () => crypto.getRandomValues(new Uint8Array(1))[0] < 128;

// The two, in random order; or one alone, where no other model answered. `wishes` is one wish, asked
// until another version of the model answers, or two wishes for two models.
// `onTry(wish, tries, most)` hears of every try.
export async function askTwoModels(file, wishes, signal, onTry) {
  const most = wishes.length > 1 ? wishes.length : MOST_TRIES;
  const answers = [];
  try {
    for (let tries = 0; tries < most && answers.length < 2; tries++) {
      const wish = wishes[tries % wishes.length];
      onTry(wish, tries, most);
      const answer = await ask(file, wish, signal);
      const another = wishes.length > 1 || answer.model !== answers[0]?.model;
      if (another || !answers.length) answers.push(answer);
      else URL.revokeObjectURL(answer.url);
      // A model that does not name itself cannot be told from another.
      if (wishes.length === 1 && !answer.model) break;
    }
  } catch (error) {
    for (const answer of answers) URL.revokeObjectURL(answer.url);
    throw error;
  }
  return heads() ? answers : answers.reverse();
}

// Why there is nothing to compare, where `answer` is all that came.
export function oneAlone({ model }) {
  return model
    ? `Only one version answers here, ${model}, so there is nothing to compare.`
    : "The model here does not say which version it is, so there is nothing to compare.";
}
