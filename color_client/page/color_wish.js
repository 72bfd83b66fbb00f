// What is asked of a photo that is to be in color; see page.js.
export const colorWish = () => ({
  doing: "Coloring",
  done: "In color",
  ending: "color",
  look: "color",
  keepsLuminance: true,
  takesHints: true,
  headers: {},
  fields: { vividness: document.getElementById("vividness").value },
});
