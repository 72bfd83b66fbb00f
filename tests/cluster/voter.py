"""Runs in a pod: colors a photo and votes for it, again and again until /tmp/stop is there.

    python voter.py URL

Prints one line of JSON: `photos` by status and model, or by what a refusal says, `votes` by status,
and the `last` vote's.
"""

import json
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from typing import Any

from caller import HERE, MARK, STOP, form


def send(url: str, body: bytes, kind: str) -> tuple[str, Any, str]:
    """The status, or why there is none, the headers of the reply, and what a refusal says."""
    request = urllib.request.Request(url, body, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            reply.read()
            return str(reply.status), reply.headers, ""
    except urllib.error.HTTPError as error:
        return str(error.code), error.headers, error.read(300).decode(errors="replace")
    except OSError as error:
        return "no reply", {}, str(error)


def main(url: str) -> None:
    photo = form({"content_image": HERE / "photo.jpg"})
    photos, votes, last = Counter[str](), Counter[str](), ""
    while not STOP.exists():
        status, headers, refusal = send(
            f"{url}/predict", photo, f"multipart/form-data; boundary={MARK}"
        )
        photos[f"{status} {headers.get('X-Model', refusal)}"] += 1
        if receipt := headers.get("X-Receipt"):
            vote = json.dumps({"receipt": receipt, "rating": 1}).encode()
            last, *_ = send(f"{url}/feedback", vote, "application/json")
            votes[last] += 1
        time.sleep(0.2)
    print(json.dumps({"photos": photos, "votes": votes, "last": last}))


if __name__ == "__main__":
    main(sys.argv[1])
