// The page: photos come in by any way, go out to POST predict one after another, and are shown
// before and after.
import { comparisonOf } from "./comparison.js";
import { ask, Failed } from "./exchange.js";
import { onFiles } from "./files.js";
import { hintFields } from "./hints.js";
import { Photo } from "./photos.js";
import { Result } from "./result.js";
import { wireSaving } from "./save.js";
import { Strip } from "./strip.js";
import { announce, clearError, photoOfError, showError, showProgress } from "./messages.js";
import { askTwoModels, oneAlone } from "./two_models.js";
import { tooLarge, wordsFor } from "./words.js";

const byId = (id) => document.getElementById(id);

// Whether the change from one wish to another is seen where the slider is: another look, or another
// hint, is shown as a whole.
const isSeen = (one, other) => one.look === other.look && one.fields.hints === other.fields.hints;

// Starts the page. `wish()` says what is asked of the photo, or promises it: {doing, done, ending,
// look, keepsLuminance, takesHints, headers, fields, select}. Another `look` is shown as a whole when
// it comes; `select()`, where it is there, sets the page to that wish. `compared()` promises what is
// asked for two answers of different models: see askTwoModels.
export function start(wish, compared) {
  const limits = {
    bytes: Number(document.body.dataset.maxBytes),
    pixels: Number(document.body.dataset.maxPixels),
  };
  const result = new Result({
    hinted: () => send(result.photo, { next: true }),
    again: () => send(result.photo, { comparing: true, next: true }),
  });
  const strip = new Strip(show, remove);
  let photos = [];
  let waiting = []; // {photo, comparing}, in the order of asking
  let current = null; // {photo, comparing, controller}
  let previous = null; // the finished photo that was shown before others came

  const canStillBeMade = (photo) => photo.failure?.again || photo.failure?.style;

  // Of a photo that was not made; "Try again" asks for the same once more.
  function failPhoto(photo, comparing = false) {
    const again = photo.failure.again && (() => send(photo, { comparing, next: true }));
    showError(photo.failure.text, again, canStillBeMade(photo) ? photo : null);
  }

  function draw() {
    byId("progress").hidden = byId("cancel").hidden = !current;
    byId("compare").disabled = byId("compare-again").disabled = Boolean(current);
    byId("result").setAttribute("aria-busy", String(current?.photo === result.photo));
    byId("example").hidden = photos.length > 0;
    const has = Boolean(result.photo);
    document.body.classList.toggle("has-photo", has);
    // Controls stand before the way in for another photo, for eyes, keys and screen readers alike.
    if (has) byId("look").after(byId("upload"));
    else byId("stage").append(byId("upload"));
    strip.draw(photos, result.photo);
  }

  function show(photo) {
    if (photo.state === "failed" && photo.failure) failPhoto(photo);
    if (photo.state !== "failed" || photo.answer) result.show(photo);
    draw();
  }

  // The finished photo that was there before, or the last one, or nothing.
  function showFinished() {
    const finished = photos.includes(previous) ? previous : photos.findLast((photo) => photo.answer);
    if (finished) result.show(finished);
    else result.nothing();
  }

  function remove(photo) {
    waiting = waiting.filter((each) => each.photo !== photo);
    photos = photos.filter((each) => each !== photo);
    if (current?.photo === photo) current.controller.abort();
    if (result.photo === photo) showFinished();
    photo.drop();
    draw();
    byId("tiles").querySelector("button")?.focus();
  }

  // Asking

  function send(photo, { comparing = false, next = false } = {}) {
    waiting = waiting.filter((each) => each.photo !== photo);
    waiting[next ? "unshift" : "push"]({ photo, comparing });
    if (!photo.answer) photo.state = "waiting";
    if (current?.photo === photo) current.controller.abort();
    else if (!current) work();
  }

  async function work() {
    let comparing = false;
    while (waiting.length) {
      current = { ...waiting.shift(), controller: new AbortController() };
      await make(current);
      ({ comparing } = current);
      current = null;
    }
    result.unfollow();
    draw();
    // Where there is nothing to compare, keys are where they were: one of the two is seen.
    if (!comparing || document.activeElement !== document.body) return;
    for (const id of ["compare", "compare-again"]) byId(id).focus({ preventScroll: true });
  }

  async function make({ photo, comparing, controller: { signal } }) {
    photo.state = "working";
    photo.failure = null;
    if (photoOfError() === photo || result.photo === photo) clearError();
    showProgress(undefined);
    announce(`Sending ${photo.name} …`);
    if (!result.photo) result.show(photo);
    draw();
    try {
      await (comparing ? compare(photo, signal) : answer(photo, signal));
      photo.state = "done";
    } catch (error) {
      showFailure(photo, comparing, error);
    }
    draw();
  }

  async function answer(photo, signal) {
    const wished = await wish();
    signal.throwIfAborted();
    if (wished.takesHints) {
      Object.assign(wished.fields, hintFields(photo.hints, photo.answer?.model));
    }
    const made = await ask(photo.file, wished, signal, (what, share) => {
      showProgress(share);
      if (what === "working") announce(`${wished.doing} …`);
    });
    await take(photo, made, signal);
    announce(`${photo.name}: ${wished.done}, in ${made.seconds.toFixed(1)} s.`, true);
  }

  async function take(photo, made, signal) {
    const last = photo.answer;
    if (!photo.before) await makeBefore(photo, made, signal);
    if (!photos.includes(photo)) return;
    photo.take(made);
    if (result.photo !== photo) return;
    if (!last) result.showAnswer("first");
    else result.showAnswer(isSeen(last.wish, made.wish) ? "stay" : "after");
  }

  async function compare(photo, signal) {
    const wishes = await compared();
    signal.throwIfAborted();
    const answers = await askTwoModels(photo.file, wishes, signal, (wished, tries, most) => {
      showProgress(tries ? tries / most : undefined);
      const onlyOne = tries && wishes.length === 1;
      announce(onlyOne ? `Asking for another version: try ${tries + 1} of ${most} …` : `${wished.doing} …`);
    });
    if (!photos.includes(photo)) return;
    if (answers.length < 2) return announce(oneAlone(answers[0]));
    photo.compare(comparisonOf(answers));
    announce("Two pictures. Which is better?", true);
    if (result.photo === photo) result.showComparison();
  }

  // A painting has another luminance than the photo, which the other model keeps.
  async function makeBefore(photo, made, signal) {
    try {
      const from = made.wish.keepsLuminance ? made
        : await ask(photo.file, { headers: {}, fields: { vividness: "0" } }, signal);
      await photo.makeBefore(from);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      // Too large for the browser, or no model for it: the picture stands alone.
    }
  }

  function showFailure(photo, comparing, error) {
    photo.state = photo.answer ? "done" : "failed";
    if (error.name === "AbortError") {
      // Asked for again, which comes next; or canceled.
      if (waiting.some((each) => each.photo === photo)) return;
      announce("Canceled.");
    } else {
      announce("");
      photo.failure = error instanceof Failed ? wordsFor(error, photo.file, limits)
        : { text: `${photo.name} could not be made: ${error.message}`, again: true };
      failPhoto(photo, comparing);
    }
    if (photo.answer) return;
    if (!photo.ofSeveral && !canStillBeMade(photo)) photos = photos.filter((each) => each !== photo);
    if (result.photo === photo) showFinished();
  }

  function cancel() {
    const unmade = new Set(waiting.map((each) => each.photo));
    waiting = [];
    photos = photos.filter((photo) => !unmade.has(photo) || photo.answer);
    if (current) current.photo.ofSeveral = false;
    current?.controller.abort();
  }

  // Photos coming in

  async function takeFiles(files) {
    clearError();
    const fit = files.filter((file) => file.size <= limits.bytes);
    const large = files.filter((file) => file.size > limits.bytes);
    if (large.length) showError(large.map((file) => tooLarge(file, limits.bytes)).join(" "));
    const taken = fit.map((file) => new Photo(file));
    for (const photo of taken) photo.ofSeveral = files.length > 1;
    photos.push(...taken);
    if (taken.length) {
      if (result.answer) previous = result.photo;
      result.show(taken[0]);
    }
    draw();
    // From a sample at the end of the page back to the picture.
    scrollBy(0, Math.min(0, document.querySelector("main").getBoundingClientRect().top));
    await Promise.all(taken.map((photo) => photo.checkPreview()));
    for (const photo of taken) if (photos.includes(photo)) send(photo);
    draw();
  }

  onFiles(takeFiles);

  // The look of it

  const look = byId("look");
  look.addEventListener("submit", (event) => event.preventDefault());
  look.addEventListener("input", (event) => {
    const shown = look.querySelector(`output[for="${event.target.id}"]`);
    if (shown) shown.textContent = Number(event.target.value).toFixed(1);
    if (event.target.id === "vividness") result.follow(Number(event.target.value));
  });
  // Another look is another try of what failed.
  look.addEventListener("change", () => {
    const photo = photoOfError() ?? result.photo;
    if (photo) send(photo, { next: true });
  });

  byId("compare").addEventListener("click", () => send(result.photo, { comparing: true, next: true }));
  byId("cancel").addEventListener("click", cancel);
  wireSaving(() => result.photo, () => photos.filter((photo) => photo.answer));
  draw();
}
