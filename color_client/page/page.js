// Sends the chosen photo to POST predict and shows it before and after. The style client's page has
// more fields in its form: with a style picture the photo is painted, and a change sends it again.
"use strict";

const byId = (id) => document.getElementById(id);
const drop = byId("drop");
const photo = byId("photo");
const style = byId("style");
const shown = { before: null, after: null };
let inHand = null;
let latest = null;

function show(which, blob) {
  if (shown[which]) URL.revokeObjectURL(shown[which]);
  shown[which] = blob ? URL.createObjectURL(blob) : null;
  if (blob) byId(which).src = shown[which];
  else byId(which).removeAttribute("src");
}

function fail(text) {
  byId("status").textContent = "";
  byId("error").textContent = text;
  byId("error").hidden = false;
}

async function reason(response) {
  try {
    return (await response.json()).detail || `The server answered ${response.status}.`;
  } catch {
    return `The server answered ${response.status}.`;
  }
}

async function send(file) {
  latest = file;
  inHand?.abort();
  const mine = (inHand = new AbortController());
  byId("error").hidden = true;
  byId("result").hidden = true;
  const form = new FormData(byId("upload"));
  form.set("content_image", file);
  const headers = { Accept: "image/png" };
  const styling = Boolean(style?.files.length);
  if (styling) headers.style = "transfer";
  else form.delete("style_image");
  byId("status").textContent = `${styling ? "Painting" : "Coloring"} ${file.name} …`;
  const started = performance.now();
  try {
    const response = await fetch("predict", {
      method: "POST", body: form, headers, signal: mine.signal,
    });
    if (!response.ok) return fail(await reason(response));
    const picture = await response.blob();
    if (mine !== inHand) return;
    byId("before").closest("figure").hidden = false;
    show("before", file);
    show("after", picture);
    const model = response.headers.get("X-Model");
    byId("model").textContent = model ? `by ${model}` : "";
    byId("download").href = shown.after;
    byId("download").download = file.name.replace(/\.[^.]*$/, "") +
      (styling ? "-style.png" : "-color.png");
    byId("result").hidden = false;
    byId("status").textContent = `Done in ${((performance.now() - started) / 1000).toFixed(1)} s.`;
  } catch (error) {
    if (error.name !== "AbortError") fail("The server cannot be reached. Try again in a moment.");
  }
}

// So that the same photo can be chosen again, after an error for instance.
photo.addEventListener("click", () => {
  photo.value = "";
});
photo.addEventListener("change", () => {
  if (photo.files.length) send(photo.files[0]);
});

for (const field of byId("upload").querySelectorAll("input:not(#photo)")) {
  field.addEventListener("change", () => {
    if (latest) send(latest);
  });
}
byId("color-only")?.addEventListener("click", () => {
  style.value = "";
  if (latest) send(latest);
});

// A TIFF, say, which most browsers cannot show.
byId("before").addEventListener("error", () => {
  byId("before").closest("figure").hidden = true;
});

for (const type of ["dragenter", "dragover"]) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
  else fail("That was not a file. Drop a photo from your computer.");
});
