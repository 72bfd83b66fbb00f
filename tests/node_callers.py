"""Many callers at once in Node, by its `fetch` and by its module http."""

import json
import shutil
import subprocess
from collections import Counter

import pytest

_SCRIPT = """
const http = require("node:http");
const [url, size, count, contentType] = process.argv.slice(1);
const body = Buffer.alloc(+size, 32), headers = { "Content-Type": contentType };
const why = (error) => `${error.code || error.cause?.code || error}`;
const byFetch = async () => {
  const reply = await fetch(url, { method: "POST", body, headers });
  await reply.text();
  return reply.status;
};
const byHttp = () => new Promise((resolve, reject) => {
  const asked = http.request(url, { method: "POST", headers }, (reply) => {
    reply.resume().on("end", () => resolve(reply.statusCode)).on("error", reject);
  });
  asked.on("error", reject).end(body);
});
const all = Array.from({ length: +count }, (_, i) => (i % 2 ? byFetch : byHttp)().catch(why));
Promise.all(all).then((answers) => console.log(JSON.stringify(answers)));
"""


def answers(url: str, size: int, count: int = 48, content_type: str = "image/png") -> Counter:
    """How many of `count` callers at once, who POST so many bytes, got which status or error.

    Skips the test where Node 18 or newer is not installed.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    done = subprocess.run(
        [node, "-e", _SCRIPT, url, str(size), str(count), content_type],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return Counter(json.loads(done.stdout))
