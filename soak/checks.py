"""Finds violations: for each promise of docs/operations.md, a function that returns what is wrong,
or an empty value.
"""

import base64
import json
from collections.abc import Iterable, Sequence

import numpy as np

from soak.good_photos import luminance, pixels_of
from soak.http_bytes import Answer
from soak.mutations import Upload

# A network adds color to a gray and keeps its luminance, to within 8-bit steps and a lossy file.
_GRAY_APART = 6.0
_LONGEST_LINE = 4_000
_SAME_BYTES = 48


def wrong_upload(upload: Upload, answer: Answer) -> str:
    """What is wrong about the answer to a hostile upload."""
    if answer.status == 0:
        return "" if 0 in upload.statuses else f"no reply ({answer.error})"
    if answer.status == 500:
        return "answered 500"
    if answer.status not in upload.statuses:
        return f"answered {answer.status}: {answer.body[:200].decode(errors='replace')}"
    if answer.status != 200:
        return wrong_problem(answer)
    if not answer.whole:
        return f"a reply that was cut short ({len(answer.body)} bytes, {answer.error})"
    return _wrong_picture(upload, answer)


def _wrong_picture(upload: Upload, answer: Answer) -> str:
    if not answer.headers.get("content-type", "").startswith("image/"):
        # A good request for something else, such as the page or /healthz.
        return ""
    try:
        pixels = pixels_of(answer.body)
    except (OSError, SyntaxError, ValueError) as error:
        return f"200 with no picture: {error}"
    height, width = pixels.shape[:2]
    if upload.size and (width, height) != upload.size:
        return f"a picture of {width} x {height} for one of {upload.size[0]} x {upload.size[1]}"
    if upload.gray is not None:
        apart = float(np.abs(luminance(pixels) - upload.gray).max())
        if apart > _GRAY_APART:
            return f"not the first frame: {apart:.0f} levels away from gray {upload.gray}"
    return ""


def wrong_problem(answer: Answer) -> str:
    """What is wrong about a refusal: it is a problem (RFC 9457) with an id, and a 503 says when to
    come again.
    """
    if not answer.whole:
        return f"a {answer.status} that was cut short ({len(answer.body)} bytes, {answer.error})"
    if answer.status == 503 and not answer.headers.get("retry-after", "").isdigit():
        return "503 without Retry-After"
    if "x-request-id" not in answer.headers:
        return f"{answer.status} without X-Request-ID"
    if not answer.body:
        return ""  # HEAD
    if answer.headers.get("content-type") != "application/problem+json":
        return f"{answer.status} as {answer.headers.get('content-type')}, not a problem"
    try:
        problem = json.loads(answer.body)
    except ValueError:
        return f"{answer.status} with a body that is no JSON"
    if problem.get("status") != answer.status or len(problem.get("detail", "")) < 10:
        return f"{answer.status} that does not say what to do"
    if "Traceback" in problem["detail"]:
        return f"{answer.status} with a trace of the program"
    return ""


def too_much_memory(peak_mb: float, limit_mb: float) -> str:
    """Whether a program has held more than it may."""
    return f"{peak_mb:.0f} MB, the limit is {limit_mb:.0f} MB" if peak_mb > limit_mb else ""


def wrong_log(
    lines: Iterable[str], answered: Iterable[str] = (), sent: Sequence[bytes] = ()
) -> list[str]:
    """What is wrong with a client's log. Each line must be a JSON object of bounded length. Each
    request ID, those `answered` included, must be in exactly one line. No line may hold the
    traceback of a bug, or a piece of the pictures `sent`, as bytes or in base64.
    """
    found = []
    ids: set[str] = set()
    pieces = [piece for data in sent for piece in _pieces(data)]
    for number, line in enumerate(lines, 1):
        shown = f"line {number} of the log"
        try:
            fields = json.loads(line)
        except ValueError:
            found.append(f"{shown} is no JSON: {line[:200]!r}")
            continue
        if not isinstance(fields, dict):
            found.append(f"{shown} is no JSON object: {line[:200]!r}")
            continue
        if len(line) > _LONGEST_LINE and "exception" not in fields:
            found.append(f"{shown} has {len(line)} characters: {line[:200]!r}")
        if any(piece in line for piece in pieces):
            found.append(f"{shown} holds a piece of a picture: {line[:200]!r}")
        if "status" in fields:
            if fields.get("request_id") in ids or not fields.get("request_id"):
                found.append(f"{shown} has no id of its own: {line[:200]!r}")
            ids.add(fields.get("request_id", ""))
        elif "exception" in fields:
            found.append(f"{shown} is the trace of a bug: {line[:400]!r}")
    missing = sorted(set(answered) - ids - {""})
    if missing:
        found.append(f"{len(missing)} requests are not in the log, {missing[0]} for instance")
    return found


def _pieces(data: bytes) -> list[str]:
    """Bytes from the middle of a picture as they could stand in a log."""
    middle = len(data) // 2 // 3 * 3
    some = data[middle : middle + _SAME_BYTES]
    in_base64 = base64.b64encode(some).decode()
    return [in_base64, repr(some)[2:-1], some.hex()] if len(some) == _SAME_BYTES else []
