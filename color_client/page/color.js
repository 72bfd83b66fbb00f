// The color client's page: the photo and how vivid it should be.
import { start } from "./page.js";

start(() => ({
  doing: "Coloring",
  done: "In color",
  ending: "color",
  headers: {},
  fields: { vividness: document.getElementById("vividness").value },
}));
