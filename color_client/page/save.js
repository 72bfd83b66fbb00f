// What one takes away: a picture as PNG or JPEG, before and after in one, all in a zip; or shared.
import { reportDownload } from "./feedback.js";
import { jpeg, pair } from "./pixels.js";
import { showError } from "./messages.js";
import { zip } from "./zip.js";

const byId = (id) => document.getElementById(id);
const ENDINGS = { "image/png": "png", "image/jpeg": "jpg" };

const type = () => byId("format").value;

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has the bytes once it asked where to; nothing tells of it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function finished(photo) {
  const { picture } = photo.answer;
  return type() === "image/jpeg" ? jpeg(picture) : picture;
}

const nameOf = (photo) => `${photo.saveName}.${ENDINGS[type()]}`;

// Names that are there already get a number.
function unlike(taken, name) {
  const [, stem, ending] = name.match(/^(.*)(\.[^.]*)$/);
  let free = name;
  for (let number = 2; taken.has(free.toLowerCase()); number++) free = `${stem} (${number})${ending}`;
  taken.add(free.toLowerCase());
  return free;
}

async function archive(photos) {
  const taken = new Set();
  const files = [];
  for (const photo of photos) {
    files.push({ name: unlike(taken, nameOf(photo)), blob: await finished(photo) });
  }
  return zip(files);
}

// The request that gives the picture, for a shell.
function curl(photo) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const { fields } = photo.answer.wish;
  const options = Object.entries(fields).map(([name, value]) =>
    ` --form-string ${quoted(`${name}=${value}`)}`);
  const address = quoted(new URL("predict", document.baseURI).href);
  return `curl -F content_image=@${quoted(photo.name)}${options.join("")} ${address}`
    + ` -o ${quoted(`${photo.saveName}.png`)}`;
}

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without https the page has no clipboard of its own; the old way is there.
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("not copied");
}

// Wires the buttons. `photo()` is the one that is looked at, `photos()` all that are finished.
export function wireSaving(photo, photos) {
  const wire = (id, act, cannot) => byId(id).addEventListener("click", async () => {
    byId(id).disabled = true;
    try {
      await act();
    } catch (error) {
      if (error.name !== "AbortError") showError(cannot);
    } finally {
      byId(id).disabled = false;
    }
  });
  wire("download", async () => {
    const shown = photo();
    const { answer } = shown;
    save(await finished(shown), nameOf(shown));
    reportDownload(answer);
  }, "The picture is too large for this browser to make a JPEG of it. Choose PNG.");
  wire("download-pair", async () => {
    const { was, saveName, answer } = photo();
    save(await pair(was, answer.picture, type()), `${saveName}-pair.${ENDINGS[type()]}`);
    reportDownload(answer);
  }, "Before and after could not be put into one picture.");
  wire("download-all", async () => {
    const all = photos();
    save(await archive(all), "colorway.zip");
    for (const { answer } of all) reportDownload(answer);
  }, "The zip would be larger than this browser can make. Download the pictures one by one.");
  wire("copy-curl", () => copy(curl(photo())), "The command could not be copied.");
  const empty = new File([""], "picture.png", { type: "image/png" });
  byId("share").hidden = !navigator.canShare?.({ files: [empty] });
  wire("share", async () => {
    const shown = photo();
    const { answer } = shown;
    const file = new File([await finished(shown)], nameOf(shown), { type: type() });
    await navigator.share({ files: [file] });
    reportDownload(answer);
  }, "The picture could not be shared. Download it.");
}
