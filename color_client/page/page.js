// The page: photos come in by any way, go out to POST predict one after another, and are shown
// before and after.
import { ask, Failed } from "./exchange.js";
import { onFiles } from "./files.js";
import { hintFields } from "./hints.js";
import { Photo } from "./photos.js";
import { Result } from "./result.js";
import { wireSaving } from "./save.js";
import { Strip } from "./strip.js";
import { tooLarge, wordsFor } from "./words.js";

const byId = (id) => document.getElementById(id);

// Whether the change from one wish to another is seen where the slider is: another look, or another
// hint, is shown as a whole.
const isSeen = (one, other) => one.look === other.look && one.fields.hints === other.fields.hints;

// Starts the page. `wish()` says what is asked of the photo, or promises it: {doing, done, ending,
// look, keepsLuminance, takesHints, headers, fields}. Another `look` is shown as a whole when it comes.
export function start(wish) {
  const limits = {
    bytes: Number(document.body.dataset.maxBytes),
    pixels: Number(document.body.dataset.maxPixels),
  };
  const result = new Result(() => send(result.photo, { next: true }));
  const strip = new Strip(show, remove);
  let photos = [];
  let waiting = []; // {photo, beside}, in the order of asking
  let inHand = null; // {photo, beside, controller}
  let failedPhoto = null; // that "Try again", or another look, is about

  // What is going on, in words

  function say(text, done = false) {
    byId("status").textContent = text;
    byId("work").classList.toggle("done", done);
  }

  function tellProgress(share) {
    const bar = byId("progress");
    if (share === undefined) bar.removeAttribute("value");
    else bar.value = share;
  }

  function fail(text, photo = null) {
    byId("error").querySelector("p").textContent = text;
    byId("error").hidden = false;
    byId("retry").hidden = !photo?.said.again;
    failedPhoto = photo;
  }

  const canBeMade = (photo) => photo.said?.again || photo.said?.style;

  function draw() {
    byId("progress").hidden = byId("cancel").hidden = !inHand;
    byId("again").disabled = Boolean(inHand);
    byId("result").setAttribute("aria-busy", String(inHand?.photo === result.photo));
    byId("example").hidden = photos.length > 0;
    const has = Boolean(result.photo);
    document.body.classList.toggle("has-photo", has);
    // Controls stand before the way in for another photo, for eyes, keys and screen readers alike.
    if (has) byId("look").after(byId("upload"));
    else byId("stage").append(byId("upload"));
    strip.draw(photos, result.photo);
  }

  function show(photo) {
    if (photo.state === "failed" && photo.said) fail(photo.said.text, canBeMade(photo) ? photo : null);
    if (photo.state !== "failed" || photo.answers.length) result.show(photo);
    draw();
  }

  // The last finished photo again, or nothing.
  function showFinished() {
    const finished = photos.findLast((photo) => photo.answers.length);
    if (finished) result.show(finished);
    else result.nothing();
  }

  function remove(photo) {
    waiting = waiting.filter((each) => each.photo !== photo);
    photos = photos.filter((each) => each !== photo);
    if (inHand?.photo === photo) inHand.controller.abort();
    if (result.photo === photo) showFinished();
    photo.drop();
    draw();
    byId("tiles").querySelector("button")?.focus();
  }

  // Asking

  function send(photo, { beside = false, next = false } = {}) {
    waiting = waiting.filter((each) => each.photo !== photo);
    waiting[next ? "unshift" : "push"]({ photo, beside });
    if (!photo.answers.length) photo.state = "waiting";
    if (inHand?.photo === photo) inHand.controller.abort();
    else if (!inHand) work();
  }

  async function work() {
    while (waiting.length) {
      inHand = { ...waiting.shift(), controller: new AbortController() };
      await make(inHand);
      inHand = null;
    }
    result.unfollow();
    draw();
  }

  async function make({ photo, beside, controller: { signal } }) {
    photo.state = "working";
    photo.said = null;
    if (failedPhoto === photo || result.photo === photo) byId("error").hidden = true;
    tellProgress(undefined);
    say(`Sending ${photo.name} …`);
    if (!result.photo) result.show(photo);
    draw();
    try {
      const wished = await wish();
      signal.throwIfAborted();
      // Beside the answer that is there: another, of the network alone.
      if (wished.takesHints && !beside) {
        Object.assign(wished.fields, hintFields(photo.hints, photo.answers.at(-1)?.model));
      }
      const answer = await ask(photo.file, wished, signal, (what, share) => {
        tellProgress(share);
        if (what === "working") say(`${wished.doing} …`);
      });
      await take(photo, answer, beside, signal);
      const by = answer.model && ` by ${answer.model}`;
      say(`${photo.name}: ${wished.done}${by}, in ${answer.seconds.toFixed(1)} s.`, true);
    } catch (error) {
      giveUp(photo, error);
    }
    draw();
  }

  async function take(photo, answer, beside, signal) {
    const last = photo.answers.at(-1);
    if (!photo.before) await makeBefore(photo, answer, signal);
    if (!photos.includes(photo)) return;
    photo.add(answer, beside);
    photo.state = "done";
    if (result.photo !== photo) return;
    if (photo.answers.length > 1) result.showBoth(...photo.answers);
    else if (!last) result.showAnswer("first");
    else result.showAnswer(isSeen(last.wish, answer.wish) ? "stay" : "after");
  }

  // A painting has another luminance than the photo, which the other model keeps.
  async function makeBefore(photo, answer, signal) {
    try {
      const from = answer.wish.keepsLuminance ? answer
        : await ask(photo.file, { headers: {}, fields: { vividness: "0" } }, signal);
      await photo.makeBefore(from);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      // Too large for the browser, or no model for it: the picture stands alone.
    }
  }

  function giveUp(photo, error) {
    photo.state = photo.answers.length ? "done" : "failed";
    if (error.name === "AbortError") {
      // Asked for again, which comes next; or canceled.
      if (waiting.some((each) => each.photo === photo)) return;
      say("Canceled.");
    } else {
      say("");
      photo.said = error instanceof Failed ? wordsFor(error, photo.file, limits)
        : { text: `${photo.name} could not be made: ${error.message}`, again: true };
      fail(photo.said.text, canBeMade(photo) ? photo : null);
    }
    if (photo.answers.length) return;
    if (!photo.ofSeveral && !canBeMade(photo)) photos = photos.filter((each) => each !== photo);
    if (result.photo === photo) showFinished();
  }

  function cancel() {
    const unmade = new Set(waiting.map((each) => each.photo));
    waiting = [];
    photos = photos.filter((photo) => !unmade.has(photo) || photo.answers.length);
    if (inHand) inHand.photo.ofSeveral = false;
    inHand?.controller.abort();
  }

  // Photos coming in

  async function takeFiles(files) {
    byId("error").hidden = true;
    const fit = files.filter((file) => file.size <= limits.bytes);
    const large = files.filter((file) => file.size > limits.bytes);
    if (large.length) fail(large.map((file) => tooLarge(file, limits.bytes)).join(" "));
    const taken = fit.map((file) => new Photo(file));
    for (const photo of taken) photo.ofSeveral = files.length > 1;
    photos.push(...taken);
    if (taken.length) result.show(taken[0]);
    draw();
    await Promise.all(taken.map((photo) => photo.look()));
    for (const photo of taken) if (photos.includes(photo)) send(photo);
    draw();
  }

  onFiles(takeFiles, fail);

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
    const photo = byId("error").hidden ? result.photo : failedPhoto || result.photo;
    if (photo) send(photo, { next: true });
  });

  byId("again").addEventListener("click", () => send(result.photo, { beside: true, next: true }));
  byId("retry").addEventListener("click", () => {
    byId("error").hidden = true;
    send(failedPhoto, { next: true });
  });
  byId("cancel").addEventListener("click", cancel);
  wireSaving(() => result.photo, () => photos.filter((photo) => photo.answers.length), fail);
  draw();
}
