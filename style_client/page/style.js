// The style client's page: a style picture, of those here or one's own, and how much of it; or none,
// and the photo is colored.
import { colorWish } from "../color-page/color_wish.js";
import { start } from "../color-page/page.js";

const byId = (id) => document.getElementById(id);
const own = byId("own");
const file = byId("style-file");
let ownCount = 0;
let lastStyle = document.querySelector("input[name=style]:not([value=''])").value;
const pictures = new Map(); // by the radio button's value

const chosen = () => document.querySelector("input[name=style]:checked").value;

function showFields() {
  lastStyle = chosen() || lastStyle;
  byId("style-fields").hidden = !chosen();
  byId("color-fields").hidden = Boolean(chosen());
}

async function picture(name) {
  if (!pictures.has(name)) pictures.set(name, await (await fetch(name)).blob());
  return pictures.get(name);
}

// Before the page's own listener sends the photo again.
byId("look").addEventListener("change", () => {
  if (file.files.length) {
    const [mine] = file.files;
    file.value = "";
    pictures.set("own", mine);
    ownCount += 1;
    const shown = own.querySelector("img");
    URL.revokeObjectURL(shown.src);
    shown.src = URL.createObjectURL(mine);
    own.hidden = false;
    own.querySelector("input").checked = true;
  }
  showFields();
});

function select(value) {
  for (const radio of document.querySelectorAll("input[name=style]")) {
    radio.checked = radio.value === value;
  }
  showFields();
}

const inColor = () => ({ ...colorWish(), select: () => select("") });

async function painted(value) {
  return {
    doing: "Painting",
    done: "Painted",
    ending: "style",
    look: `${value} ${ownCount}`,
    keepsLuminance: false,
    headers: { style: "transfer" },
    fields: {
      style_image: await picture(value),
      strength: byId("strength").value,
      preserve_color: byId("preserve_color").checked ? "yes" : "no",
    },
    select: () => select(value),
  };
}

start(
  async () => (chosen() ? painted(chosen()) : inColor()),
  // Color and a style: the one that is chosen, or was last, or the first there is.
  async () => [inColor(), await painted(lastStyle)],
);
showFields();
