// One POST predict: how far it is, then the picture, or the reason why not.
export class Failed extends Error {
  // `problem` is what the server said (RFC 9457), or nothing where it was not reached.
  constructor(status, problem = {}) {
    super(problem.detail || `The server answered ${status}.`);
    Object.assign(this, { status, code: problem.code || "", detail: problem.detail || "" });
  }
}

async function problemIn(request) {
  try {
    return JSON.parse(await request.response.text());
  } catch {
    return undefined;
  }
}

// The form fields and headers that ask for `wish` of the photo `file`.
export function requestOf(file, wish) {
  const form = new FormData();
  form.set("content_image", file, file.name);
  for (const [name, value] of Object.entries(wish.fields)) form.set(name, value);
  return [form, { Accept: "image/png", ...wish.headers }];
}

// `onProgress("sending" | "working" | "receiving", share)` hears how far it is; the share, 0…1, may
// be unknown. fetch() does not report the progress of an upload, which takes longest on a phone.
export function ask(file, wish, signal, onProgress = () => {}) {
  const started = performance.now();
  const [form, headers] = requestOf(file, wish);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "predict");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.responseType = "blob";
    request.upload.addEventListener("progress", (event) => {
      onProgress("sending", event.lengthComputable ? event.loaded / event.total : undefined);
    });
    request.upload.addEventListener("load", () => onProgress("working"));
    request.addEventListener("progress", (event) => {
      onProgress("receiving", event.lengthComputable ? event.loaded / event.total : undefined);
    });
    request.addEventListener("load", async () => {
      if (request.status !== 200) {
        reject(new Failed(request.status, await problemIn(request)));
        return;
      }
      resolve({
        picture: request.response,
        url: URL.createObjectURL(request.response),
        model: request.getResponseHeader("X-Model") || "",
        receipt: request.getResponseHeader("X-Receipt") || "", // what feedback is given with
        hadColor: request.getResponseHeader("X-Photo-Color") === "yes",
        seconds: (performance.now() - started) / 1000,
        wish,
      });
    });
    request.addEventListener("error", () => reject(new Failed(0)));
    signal.addEventListener("abort", () => {
      request.abort();
      reject(signal.reason);
    });
    request.send(form);
  });
}
