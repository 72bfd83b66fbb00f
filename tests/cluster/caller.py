"""Runs in a pod: colors a photo again and again until /tmp/stop is there, and counts the replies.

    python caller.py URL CALLERS [COUNT]

Prints one line of JSON: how many replies of each kind, as "STATUS MODEL".
"""

import itertools
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

STOP, HERE = Path("/tmp/stop"), Path(__file__).parent
MARK = "photo-and-no-other"


def form(fields: dict[str, Path]) -> bytes:
    """The files as multipart/form-data."""
    parts = b""
    for name, path in fields.items():
        head = (
            f'--{MARK}\r\nContent-Disposition: form-data; name="{name}"; filename="a.jpg"\r\n\r\n'
        )
        parts += head.encode() + path.read_bytes() + b"\r\n"
    return parts + f"--{MARK}--\r\n".encode()


def ask(url: str, body: bytes, headers: dict[str, str]) -> str:
    """What came back: the status and the model, or why nothing did."""
    headers = {"Content-Type": f"multipart/form-data; boundary={MARK}", **headers}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, body, headers), timeout=60
        ) as reply:
            reply.read()
            return f"{reply.status} {reply.headers.get('X-Model', '-')}"
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.reason}"
    except OSError as error:
        return f"no reply: {error}"


def main(url: str, callers: int, count: int | None) -> None:
    fields, headers = {"content_image": HERE / "photo.jpg"}, {}
    if (HERE / "style.jpg").exists():
        fields["style_image"], headers["style"] = HERE / "style.jpg", "transfer"
    body, replies, lock = form(fields), Counter[str](), threading.Lock()

    turns = iter(range(count)) if count is not None else itertools.count()

    def call() -> None:
        while not STOP.exists():
            with lock:
                if next(turns, None) is None:
                    return
            status = ask(url, body, headers)
            with lock:
                replies[status] += 1
            if status.startswith("no reply"):
                time.sleep(0.1)

    threads = [threading.Thread(target=call) for _ in range(callers)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    print(json.dumps(replies))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
