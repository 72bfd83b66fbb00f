// The ways in for photos: chosen, taken, a sample, dropped or pasted anywhere on the page.
import { showError } from "./messages.js";

const byId = (id) => document.getElementById(id);

const NO_FILE = "That was not a file. Save the picture first, or copy the picture itself.";

// `take(files)` gets an array of them.
export function onFiles(take) {
  for (const input of [byId("photo"), byId("camera")]) {
    // So that the same photo can be chosen again, after an error for instance.
    input.addEventListener("click", () => (input.value = ""));
    input.addEventListener("change", () => take([...input.files]));
  }

  byId("samples").addEventListener("click", async (event) => {
    const sample = event.target.closest("[data-sample]")?.dataset.sample;
    if (!sample) return;
    try {
      const reply = await fetch(sample);
      if (!reply.ok) throw new TypeError();
      const picture = await reply.blob();
      take([new File([picture], sample.split("/").at(-1), { type: picture.type })]);
    } catch {
      showError("The sample cannot be fetched. Is the server still there?");
    }
  });

  for (const type of ["dragenter", "dragover"]) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      document.body.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("over");
  });
  const given = (data) => {
    if (data.files.length) take([...data.files]);
    else showError(NO_FILE);
  };
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    given(event.dataTransfer);
  });
  document.addEventListener("paste", (event) => given(event.clipboardData));
}
