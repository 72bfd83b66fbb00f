// A picture at its full size, one pixel of it to one of the page, in a dialog that scrolls.
const byId = (id) => document.getElementById(id);

export function openFullSize(after, before) {
  const picture = byId("full-picture");
  const original = byId("original");
  original.hidden = !before;
  original.setAttribute("aria-pressed", "false");
  original.onclick = () => {
    const showBefore = original.getAttribute("aria-pressed") !== "true";
    original.setAttribute("aria-pressed", String(showBefore));
    picture.src = showBefore ? before : after;
  };
  picture.onload = () => {
    byId("full-size").textContent = `${picture.naturalWidth} × ${picture.naturalHeight}`;
  };
  picture.src = after;
  byId("full").showModal();
}

byId("close-full").addEventListener("click", () => byId("full").close());
