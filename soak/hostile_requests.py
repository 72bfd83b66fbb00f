"""Broken, hostile or odd HTTP requests: methods, targets, headers, lengths, chunks.

Each function is one kind, and returns the bytes for one connection with what may come back.
"""

import dataclasses
import gzip
import random
from collections.abc import Callable

from soak import hostile_forms
from soak.good_photos import photo_request, small_photos
from soak.http_bytes import FORM_TYPE, form, part, request
from soak.raw import HEAD, REFUSALS, SUCCESS, RawRequest, photo


def wrong_method(rng: random.Random) -> RawRequest:
    """Another method than POST, known or not."""
    method = rng.choice(("GET", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "BREW", "post",
                         "PROPFIND", "X" * 300, "PRI", "POST\x00"))  # fmt: skip
    return RawRequest(request(form(part("content_image", photo())), method=method))


def odd_target(rng: random.Random) -> RawRequest:
    """A path that does not exist, or a target that is not valid."""
    target = rng.choice(("/", "//predict", "/predict/", "/predict%00", "/../predict", "*", "//",
                         "/" + "a" * 3000, "/" + "a" * 9000, "/predict?" + "a=1&" * 900,
                         "/predict?vividness=1&vividness=2", "/%ff%fe", "http://other/predict/x",
                         "/page/../../etc/passwd", "/page/%2e%2e/app.py"))  # fmt: skip
    return RawRequest(
        request(form(part("content_image", photo())), target=target), SUCCESS | REFUSALS
    )


def huge_headers(rng: random.Random) -> RawRequest:
    """Headers that are too long, too many or not allowed."""
    head = rng.choice((
        b"X-Long: " + b"a" * 9000 + b"\r\n",
        b"X-Long: " + b"a" * 1_000_000 + b"\r\n",
        b"".join(b"X-%d: y\r\n" % number for number in range(150)),
        b"".join(b"X-%d: y\r\n" % number for number in range(20_000)),
        b"No colon here\r\n",
        b"Bad Name: x\r\n",
        b": empty\r\n",
        b"X-Null: a\0b\r\n",
        b" folded: x\r\n",
        b"X: " + bytes(range(1, 9)) + b"\r\n",
    ))  # fmt: skip
    body = form(part("content_image", photo()))
    length = b"Content-Type: %s\r\nContent-Length: %d\r\n" % (FORM_TYPE.encode(), len(body))
    return RawRequest(HEAD + head + length + b"\r\n" + body)


def odd_headers(rng: random.Random) -> RawRequest:
    """Odd headers that may be ignored and must do no harm."""
    name, value = rng.choice((
        ("X-Request-ID", "a" * 5000), ("X-Request-ID", "<script>"), ("Accept", "image/webp;q=x"),
        ("Accept", "*/*;q=0"), ("Accept", ", ,;=;" * 300), ("Cookie", "a=" + "b" * 4000),
        ("Range", "bytes=0-1"), ("If-Match", '"x"'), ("style", "TRANSFER"), ("Origin", "null"),
        ("Content-Encoding", "nonsense"), ("X-Forwarded-For", "1.2.3.4, " * 200),
        ("Content-Language", "\xff"), ("Authorization", "Basic ????"), ("Upgrade", "websocket"),
        ("Connection", "Upgrade, HTTP2-Settings"), ("Content-Disposition", "form-data; name=x"),
    ))  # fmt: skip
    return RawRequest(
        request(form(part("content_image", photo())), headers=[(name, value)]), SUCCESS
    )


def wrong_content_length(rng: random.Random) -> RawRequest:
    """A Content-Length that is not the length of the body."""
    body = form(part("content_image", photo()))
    kind = b"Content-Type: " + FORM_TYPE.encode() + b"\r\n"

    def request_of(length: bytes, half_close: bool = True) -> RawRequest:
        return RawRequest(HEAD + kind + b"Content-Length: " + length + b"\r\n\r\n" + body,
                   half_close=half_close)  # fmt: skip

    return rng.choice((
        # The form is whole before the body is.
        dataclasses.replace(request_of(b"%d" % (len(body) + 1000)), statuses=SUCCESS | REFUSALS),
        request_of(b"%d" % (len(body) // 2)), request_of(b"-1"),
        request_of(b"99999999999999999999"), request_of(b"many"), request_of(b"10, 10"),
        request_of(b""), request_of(b"+5"),
        request_of(b"999999999", half_close=False), request_of(b"0"),
        RawRequest(HEAD + kind + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + body),
        RawRequest(HEAD + kind + b"\r\n" + body, half_close=True),
    ))  # fmt: skip


def chunked(rng: random.Random) -> RawRequest:
    """A body in chunks, without a length, which is valid."""
    body = form(part("content_image", photo()))
    size = rng.choice((1, 7, 1000, 100_000))
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    data = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    kind = b"Content-Type: " + FORM_TYPE.encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    return RawRequest(HEAD + kind + data, SUCCESS)


def broken_chunks(rng: random.Random) -> RawRequest:
    """Invalid chunks, or chunks together with a length."""
    kind = b"Content-Type: " + rng.choice((FORM_TYPE.encode(), b"image/png")) + b"\r\n"
    coding = b"Transfer-Encoding: chunked\r\n"
    return rng.choice((
        RawRequest(HEAD + kind + coding + b"\r\nzz\r\nabc\r\n0\r\n\r\n"),
        RawRequest(HEAD + kind + coding + b"\r\n5\r\nabc", half_close=True),
        RawRequest(HEAD + kind + coding + b"\r\nffffffffffffffffff\r\nabc", half_close=True),
        RawRequest(HEAD + kind + coding + b"\r\n-5\r\nabc", half_close=True),
        RawRequest(HEAD + kind + coding + b"\r\n" + b"5;" + b"x" * 9000 + b"\r\n", half_close=True),
        RawRequest(HEAD + kind + coding + b"Content-Length: 3\r\n\r\n0\r\n\r\n"),
        RawRequest(HEAD + kind + b"Transfer-Encoding: gzip, nonsense\r\n\r\nabc", half_close=True),
        RawRequest(HEAD + kind + b"Transfer-Encoding: identity\r\n\r\nabc", half_close=True),
        RawRequest(HEAD + kind + coding + b"\r\n3\r\nabcdef\r\n0\r\n\r\n"),
    ))  # fmt: skip


def expecting(rng: random.Random) -> RawRequest:
    """Expect: 100-continue, which curl sends, and expectations that no server can meet."""
    known = rng.random() < 0.7
    value = "100-continue" if known else "a-miracle"
    body = form(part("content_image", photo()))
    return RawRequest(request(body, headers=[("Expect", value)]), SUCCESS if known else REFUSALS)


def pipelined(rng: random.Random) -> RawRequest:
    """A good request, followed at once by garbage or a second one: the first one counts."""
    good = photo_request("color", photo()).replace(b"Connection: close\r\n", b"")
    after = rng.choice((rng.randbytes(500), b"\r\n" * 200, b"GET / HTTP/9.9\r\n\r\n", good * 2,
                        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 70_000))  # fmt: skip
    return RawRequest(good + after, SUCCESS)


def no_http(rng: random.Random) -> RawRequest:
    """Bytes that are not an HTTP request."""
    data = rng.choice((
        rng.randbytes(rng.randrange(1, 3000)),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(500),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /\r\n\r\n", b"\r\n\r\n", b"hello\r\n\r\n",
        b"POST /predict HTTP/1.1", b"POST /predict HTTP/3.0\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n",
        b"POST  /predict  HTTP/1.1\r\n\r\n", b"\xff" * 10_000, b"EHLO me\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\nGET / HTTP/1.1\r\n\r\n",
    ))  # fmt: skip
    return RawRequest(data, REFUSALS | {0}, half_close=True)


def packed_body(rng: random.Random) -> RawRequest:
    """A body in gzip, which we do not unpack, and a gzip bomb."""
    data = gzip.compress(rng.choice((photo(), bytes(20_000_000))))
    headers = [("Content-Encoding", "gzip")]
    return RawRequest(request(data, rng.choice(("image/jpeg", FORM_TYPE)), headers))


def too_large(rng: random.Random) -> RawRequest:
    """More bytes than MAX_UPLOAD_MB, announced or not."""
    data = b"\xff\xd8\xff\xe0" + bytes(26_000_000)
    if rng.random() < 0.5:
        return RawRequest(request(data, "image/jpeg"))
    head = HEAD + b"Content-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n"
    return RawRequest(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))


def second_photo(rng: random.Random) -> RawRequest:
    """A good photo of another size and name: the control among the rest."""
    photos = small_photos(rng.randrange(60, 140), 6)
    return RawRequest(photo_request("color", photos[rng.choice(sorted(photos))]), SUCCESS)


_OWN_KINDS = (
    wrong_method, odd_target, huge_headers, odd_headers, wrong_content_length,
    chunked, broken_chunks, expecting, pipelined, no_http, packed_body,
    too_large, second_photo,
)  # fmt: skip
KINDS: dict[str, Callable[[random.Random], RawRequest]] = {
    **hostile_forms.KINDS,
    **{made.__name__: made for made in _OWN_KINDS},
}
