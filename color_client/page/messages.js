// What the page says: what is going on, how far it is, and what went wrong.
const byId = (id) => document.getElementById(id);
let retry = null;
let photo = null;

// What is `done` is on the page already: then only screen readers get the text.
export function announce(text, done = false) {
  byId("status").textContent = text;
  byId("work").classList.toggle("done", done);
}

// How much of it is done, 0…1, or nothing where nobody knows.
export function showProgress(share) {
  const bar = byId("progress");
  if (share === undefined) bar.removeAttribute("value");
  else bar.value = share;
}

// `again()` is what "Try again" does, where that may help; `failed` the photo it is about.
export function showError(text, again = null, failed = null) {
  byId("error").querySelector("p").textContent = text;
  byId("error").hidden = false;
  byId("retry").hidden = !again;
  byId("error").scrollIntoView({ block: "nearest" });
  [retry, photo] = [again, failed];
}

export function clearError() {
  byId("error").hidden = true;
}

// The photo that the shown error is about, if any.
export const photoOfError = () => (byId("error").hidden ? null : photo);

byId("retry").addEventListener("click", () => {
  clearError();
  retry();
});
