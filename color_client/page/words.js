// Why there is no picture, in the words of the person who waits for it. The server's own sentences
// are written for whoever runs it or calls it by a program.
const LATER = new Set([0, 408, 429, 500, 502, 503, 504]);
const ABOUT_A_FILE = /^(style_image|content_image): /;

const megabytes = (bytes) => `${Number((bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1))} MB`;

export function tooLarge(file, most) {
  return `${file.name} has ${megabytes(file.size)}; at most ${megabytes(most)} can be sent. ` +
    "Choose a smaller one.";
}

// {text, again, style}: what is said of `failed`, whether trying again may help, and whether it is
// the style picture that is wrong. `limits` are those of the page: {bytes, pixels}.
export function wordsFor(failed, file, limits) {
  const style = failed.detail.startsWith("style_image: ");
  const name = style ? "The style picture" : file.name;
  return { text: sentence(failed, name, limits), again: canHelp(failed), style };
}

function canHelp({ status, code }) {
  return LATER.has(status) || code === "upload-broken";
}

function sentence({ status, code, detail }, name, limits) {
  if (status === 0) return `${name} was not sent: the server cannot be reached.`;
  if (code === "too-many-pixels") {
    return `${name} has too many pixels; at most ${limits.pixels / 1e6} megapixels can be ` +
      "colored. Make it smaller first.";
  }
  if (status === 413) {
    return `${name} is too large; at most ${megabytes(limits.bytes)} can be sent.`;
  }
  if (status === 408) return `${name} took too long to send. The connection may be slow.`;
  if (code === "upload-broken") return `${name} did not arrive whole.`;
  if (status === 503 || status === 429) {
    return `${name} has to wait: the server is busy or just starting.`;
  }
  if (status === 504) return `${name} took too long to make.`;
  if (status === 502) return `${name} could not be made: the model behind this page fails.`;
  if (status >= 500) return `${name} could not be made: something broke in the server.`;
  return `${name}: ${detail.replace(ABOUT_A_FILE, "") || "The server refuses it."}`;
}
