// The color client's page: the photo and how vivid it should be. What is compared is two versions of
// the model, as in a canary.
import { colorWish } from "./color_wish.js";
import { start } from "./page.js";

start(colorWish, () => [colorWish()]);
