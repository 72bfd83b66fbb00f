// What a person thinks of pictures, for POST feedback, by the receipts that came with them. Nothing
// else is sent, and nothing is kept here.
import { Failed } from "./exchange.js";

const PATIENCE_MS = 15_000;

// What the server answered. Throws Failed.
async function send(vote) {
  const reply = await fetch("feedback", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(vote),
    signal: AbortSignal.timeout(PATIENCE_MS),
    keepalive: true,
  }).catch(() => {
    throw new Failed(0);
  });
  const body = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Failed(reply.status, body);
  return body;
}

// `choice`: "first" or "second" of the answers, "both" or "neither".
export function choose(answers, choice) {
  return send({ receipts: answers.map((answer) => answer.receipt), choice });
}

// `rating`: 1 good, 0 not.
export const rate = (answer, rating) => send({ receipt: answer.receipt, rating });

// A picture was downloaded, which is a sign, too; sent once, and a failure is not shown.
export function reportDownload(answer) {
  if (!answer.receipt || answer.downloadReported) return;
  answer.downloadReported = true;
  send({ receipt: answer.receipt, downloaded: true }).catch(() => {});
}

// Why it was not counted, {text, again}: `again`, whether another try may help.
export function whyNotCounted({ status, code, message }) {
  const later = LATER[status];
  return { text: later ?? NEVER[code] ?? `Not counted: ${message}`, again: Boolean(later) };
}

const AWAY = "Not counted yet: choices cannot be kept at the moment.";
const LATER = {
  0: "Not counted yet: the server cannot be reached.",
  429: "Not counted yet: that was a lot in a short time. Wait a moment.",
  ...Object.fromEntries([500, 502, 503, 504].map((status) => [status, AWAY])),
};
const NEVER = {
  "feedback-off": "Not counted: choices are not collected here any more.",
  "receipt-old": "Not counted: this was made too long ago.",
  "receipt-unknown": "Not counted: the server has started anew since this was made.",
  "receipt-used": "Not counted: you judged this before.",
};
