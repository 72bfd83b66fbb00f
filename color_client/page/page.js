// Sends the chosen photo to POST predict and shows it before and after.
"use strict";

const byId = (id) => document.getElementById(id);
const drop = byId("drop");
const photo = byId("photo");
const shown = { before: null, after: null };
let inHand = null;

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

async function color(file) {
  inHand?.abort();
  const mine = (inHand = new AbortController());
  byId("error").hidden = true;
  byId("result").hidden = true;
  byId("status").textContent = `Coloring ${file.name} …`;
  const form = new FormData();
  form.append("content_image", file);
  const started = performance.now();
  try {
    const response = await fetch("predict", {
      method: "POST", body: form, headers: { Accept: "image/png" }, signal: mine.signal,
    });
    if (!response.ok) return fail(await reason(response));
    const picture = await response.blob();
    if (mine !== inHand) return;
    show("before", file);
    show("after", picture);
    const model = response.headers.get("X-Model");
    byId("model").textContent = model ? `by ${model}` : "";
    byId("download").href = shown.after;
    byId("download").download = file.name.replace(/\.[^.]*$/, "") + "-color.png";
    byId("result").hidden = false;
    byId("status").textContent = `Done in ${((performance.now() - started) / 1000).toFixed(1)} s.`;
  } catch (error) {
    if (error.name !== "AbortError") fail("The server cannot be reached. Try again in a moment.");
  }
}

photo.addEventListener("change", () => {
  if (photo.files.length) color(photo.files[0]);
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
  if (event.dataTransfer.files.length) color(event.dataTransfer.files[0]);
  else fail("That was not a file. Drop a photo from your computer.");
});
