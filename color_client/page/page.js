// The page: a photo comes in by any way, goes out to POST predict, and is shown before and after.
import { Compare } from "./compare.js";
import { ask, Failed } from "./exchange.js";
import { openFullSize } from "./full_size.js";

const byId = (id) => document.getElementById(id);

// Starts the page. `wish()` says what is asked of the photo: {doing, done, ending, headers, fields},
// or a promise of it.
export function start(wish) {
  const before = byId("before");
  const after = byId("after");
  const frame = byId("compare");
  let photo = null; // {file, url} that is shown, and that a change of wish sends again
  let answers = []; // the last one, or the two side by side: {url, picture, model, seconds, wish}
  let inHand = null;

  const shownBefore = () => (frame.classList.contains("alone") ? null : photo?.url);
  const compare = new Compare(frame, byId("slide"), () => {
    if (answers.length) openFullSize(answers.at(-1).url, shownBefore());
  });

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

  function busy(working) {
    byId("progress").hidden = byId("cancel").hidden = !working;
    byId("again").disabled = working;
    byId("result").setAttribute("aria-busy", String(working));
  }

  function fail(text, canRetry = false) {
    say("");
    byId("error").querySelector("p").textContent = text;
    byId("error").hidden = false;
    byId("retry").hidden = !canRetry;
    if (!answers.length) showNothing();
  }

  // What is shown

  function madeBy(answer, place) {
    place.textContent = "";
    if (answer.model) {
      const model = document.createElement("b");
      model.textContent = answer.model;
      place.append("by ", model, " · ");
    }
    place.append(`${answer.seconds.toFixed(1)} s`);
  }

  function showNothing() {
    byId("result").hidden = true;
    document.body.classList.remove("has-photo");
  }

  function showPhoto(file) {
    for (const each of answers) URL.revokeObjectURL(each.url);
    if (photo) URL.revokeObjectURL(photo.url);
    answers = [];
    photo = { file, url: URL.createObjectURL(file) };
    frame.classList.remove("alone", "reveal");
    frame.classList.add("waiting");
    frame.hidden = after.hidden = true;
    byId("answers").hidden = byId("bar").hidden = true;
    before.src = photo.url;
    byId("result").hidden = false;
    document.body.classList.add("has-photo");
  }

  // One picture under the slider; where it is the photo's first, color comes in from the right.
  function showAnswer(answer, first) {
    for (const each of answers) if (each !== answer) URL.revokeObjectURL(each.url);
    answers = [answer];
    byId("answers").hidden = true;
    frame.hidden = byId("bar").hidden = byId("download").hidden = byId("open-full").hidden = false;
    frame.classList.remove("waiting");
    after.onload = () => {
      compare.fit(after);
      if (!first) return;
      compare.set(100);
      requestAnimationFrame(() => requestAnimationFrame(() => compare.set(50, true)));
    };
    after.src = answer.url;
    after.hidden = false;
    madeBy(answer, byId("made"));
    byId("download").href = answer.url;
    byId("download").download = nameOf(answer);
  }

  function nameOf(answer) {
    return `${photo.file.name.replace(/\.[^.]*$/, "") || "photo"}-${answer.wish.ending}.png`;
  }

  // Two answers to the same question side by side. In a canary they may be of two models.
  async function showBoth(one, two) {
    for (const each of answers) if (each !== one && each !== two) URL.revokeObjectURL(each.url);
    answers = [one, two];
    const figures = byId("answers").querySelectorAll("figure");
    for (const [place, answer] of answers.entries()) {
      const figure = figures[place];
      const shown = figure.querySelector("img");
      shown.src = answer.url;
      shown.alt = `Answer ${place + 1}${answer.model && `, by ${answer.model}`}`;
      madeBy(answer, figure.querySelector(".by"));
      figure.querySelector(".picture").onclick = () => openFullSize(answer.url, shownBefore());
      const keep = figure.querySelector(".keep");
      keep.setAttribute("aria-label", `Keep answer ${place + 1}`);
      keep.onclick = () => {
        showAnswer(answer, false);
        byId("download").focus();
      };
    }
    byId("made").textContent = (await same(one.picture, two.picture))
      ? "Both are the same picture." : "They are not the same.";
    frame.hidden = byId("download").hidden = byId("open-full").hidden = true;
    byId("answers").hidden = false;
  }

  async function same(one, two) {
    if (one.size !== two.size) return false;
    const [left, right] = await Promise.all([one.arrayBuffer(), two.arrayBuffer()]);
    const other = new Uint8Array(right);
    return new Uint8Array(left).every((byte, index) => byte === other[index]);
  }

  // Asking

  async function send(beside) {
    inHand?.abort();
    const mine = (inHand = new AbortController());
    const first = !answers.length;
    if (byId("result").hidden) showPhoto(photo.file);
    byId("error").hidden = true;
    busy(true);
    tellProgress(undefined);
    try {
      const wished = await wish();
      if (mine !== inHand) return;
      const form = new FormData();
      form.set("content_image", photo.file, photo.file.name);
      for (const [name, value] of Object.entries(wished.fields)) form.set(name, value);
      say(`Sending ${photo.file.name} …`);
      const answer = await ask(form, { Accept: "image/png", ...wished.headers }, mine.signal,
        (what, share) => {
          if (mine !== inHand) return;
          tellProgress(share);
          if (what === "working") say(`${wished.doing} …`);
        });
      if (mine !== inHand) return;
      Object.assign(answer, { url: URL.createObjectURL(answer.picture), wish: wished });
      const one = answers.at(-1);
      if (beside && one) await showBoth(one, answer);
      else showAnswer(answer, first);
      const by = answer.model && ` by ${answer.model}`;
      say(`${wished.done}${by}, in ${answer.seconds.toFixed(1)} s.`, true);
    } catch (error) {
      if (mine !== inHand) return;
      if (error instanceof Failed) fail(error.message, true);
      else if (error.name !== "AbortError") throw error;
      else {
        say("Canceled.");
        if (!answers.length) showNothing();
      }
    } finally {
      if (mine === inHand) busy(false);
    }
  }

  function take(files, name) {
    const file = files[0];
    if (!file) return;
    const most = Number(document.body.dataset.maxBytes);
    if (file.size > most) {
      const [has, may] = [file.size, most].map((bytes) => (bytes / 1e6).toFixed(1));
      fail(`${file.name} has ${has} MB; at most ${may} MB can be sent. Choose a smaller one.`);
      return;
    }
    showPhoto(name ? new File([file], name, { type: file.type }) : file);
    send(false);
  }

  for (const input of [byId("photo"), byId("camera")]) {
    // So that the same photo can be chosen again, after an error for instance.
    input.addEventListener("click", () => (input.value = ""));
    input.addEventListener("change", () => take(input.files));
  }

  byId("samples").addEventListener("click", async (event) => {
    const sample = event.target.closest("[data-sample]")?.dataset.sample;
    if (!sample) return;
    try {
      const reply = await fetch(sample);
      if (!reply.ok) throw new TypeError();
      take([await reply.blob()], sample.split("/").at(-1));
      byId("stage").scrollIntoView({ block: "nearest" });
    } catch {
      fail("The sample cannot be fetched. Is the server still there?");
    }
  });

  byId("look").addEventListener("submit", (event) => event.preventDefault());
  byId("look").addEventListener("input", (event) => {
    const shown = byId("look").querySelector(`output[for="${event.target.id}"]`);
    if (shown) shown.textContent = Number(event.target.value).toFixed(1);
  });
  byId("look").addEventListener("change", () => {
    if (photo) send(false);
  });

  byId("again").addEventListener("click", () => send(true));
  byId("retry").addEventListener("click", () => send(false));
  byId("cancel").addEventListener("click", () => inHand?.abort());
  byId("open-full").addEventListener("click", () => {
    openFullSize(answers.at(-1).url, shownBefore());
  });

  before.addEventListener("load", () => {
    compare.fit(before);
    if (byId("answers").hidden) frame.hidden = false;
  });
  // A TIFF, say, which most browsers cannot show: then the picture stands alone.
  before.addEventListener("error", () => {
    before.removeAttribute("src");
    frame.classList.add("alone");
  });

  // Dropped or pasted, anywhere on the page

  const noFile = "That was not a file. Save the picture first, or copy the picture itself.";
  for (const type of ["dragenter", "dragover"]) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      document.body.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    if (event.dataTransfer.files.length) take(event.dataTransfer.files);
    else fail(noFile);
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) take(event.clipboardData.files);
    else fail(noFile);
  });
}
