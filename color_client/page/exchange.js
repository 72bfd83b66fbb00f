// One POST predict: how far it is, then the picture, or the reason why not in words.
export class Failed extends Error {}

async function reason(request) {
  try {
    return JSON.parse(await request.response.text()).detail;
  } catch {
    return undefined;
  }
}

// `tell("sending" | "working" | "receiving", share)` hears how far it is; the share, 0…1, may be
// unknown. fetch() would not tell of the sending, which takes longest on a phone.
export function ask(form, headers, signal, tell) {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "predict");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.responseType = "blob";
    request.upload.addEventListener("progress", (event) => {
      tell("sending", event.lengthComputable ? event.loaded / event.total : undefined);
    });
    request.upload.addEventListener("load", () => tell("working"));
    request.addEventListener("progress", (event) => {
      tell("receiving", event.lengthComputable ? event.loaded / event.total : undefined);
    });
    request.addEventListener("load", async () => {
      if (request.status !== 200) {
        reject(new Failed(await reason(request) || `The server answered ${request.status}.`));
        return;
      }
      resolve({
        picture: request.response,
        model: request.getResponseHeader("X-Model") || "",
        seconds: (performance.now() - started) / 1000,
      });
    });
    request.addEventListener("error", () => {
      reject(new Failed("The server cannot be reached. Try again in a moment."));
    });
    signal.addEventListener("abort", () => {
      request.abort();
      reject(signal.reason);
    });
    request.send(form);
  });
}
