// The color client's page: the photo and how vivid it should be.
import { colorWish } from "./color_wish.js";
import { start } from "./page.js";

start(colorWish);
