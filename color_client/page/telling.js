// What the page says: what is going on, how far it is, and what went wrong.
const byId = (id) => document.getElementById(id);
let retry = null;
let photo = null;

// What is `done` stands on the page already, and is said to those who hear it.
export function say(text, done = false) {
  byId("status").textContent = text;
  byId("work").classList.toggle("done", done);
}

// How much of it is done, 0…1, or nothing where nobody knows.
export function tellProgress(share) {
  const bar = byId("progress");
  if (share === undefined) bar.removeAttribute("value");
  else bar.value = share;
}

// `again()` is what "Try again" does, where that may help; `failed` the photo it is about.
export function fail(text, again = null, failed = null) {
  byId("error").querySelector("p").textContent = text;
  byId("error").hidden = false;
  byId("retry").hidden = !again;
  byId("error").scrollIntoView({ block: "nearest" });
  [retry, photo] = [again, failed];
}

export function forgive() {
  byId("error").hidden = true;
}

// The photo that is shown to have failed, if any.
export const failedPhoto = () => (byId("error").hidden ? null : photo);

byId("retry").addEventListener("click", () => {
  forgive();
  retry();
});
