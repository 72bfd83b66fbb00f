"""Forms and bodies that are broken, hostile or odd: fields, files, boundaries, content types.

Each function is one kind, as in `soak.hostile_requests`.
"""

import random
from collections.abc import Callable

from soak.http_bytes import BOUNDARY, form, part, request
from soak.raw import REFUSALS, SUCCESS, RawRequest, photo


def empty_forms(rng: random.Random) -> RawRequest:
    """Zero bytes: an empty file, body or form."""
    bodies = (
        request(form(part("content_image", b""))),
        request(b""),
        request(b"", "image/png"),
        request(form()),
        request(b"--" + BOUNDARY.encode() + b"--\r\n"),
    )
    return RawRequest(rng.choice(bodies))


def wrong_fields(rng: random.Random) -> RawRequest:
    """The photo in an unknown field, or with one beside it."""
    name = rng.choice(("image", "file", "content-image", "CONTENT_IMAGE", "content_image[]", "",
                       "content_image\0", "a" * 3000, "фото", "../../etc/passwd"))  # fmt: skip
    parts = [part(name, photo())]
    if rng.random() < 0.5:
        parts.append(part("content_image", photo()))
    return RawRequest(request(form(*parts)))


def thousands_of_fields(rng: random.Random) -> RawRequest:
    """A form of thousands of fields, files or text."""
    file = rng.choice(("f", None))
    count = rng.choice((21, 500, 5000, 20_000))
    fields = [part(f"f{number}", b"x", file) for number in range(count)]
    return RawRequest(request(form(part("content_image", photo()), *fields)))


def huge_text(rng: random.Random) -> RawRequest:
    """A text field of megabytes, for instance the photo in base64."""
    return RawRequest(
        request(form(part("vividness", b"1" * rng.choice((100_000, 400_000, 5_000_000)), None),
                     part("content_image", photo())))
    )  # fmt: skip


def duplicate_fields(rng: random.Random) -> RawRequest:
    """The photo, or an option, several times."""
    name = rng.choice(("content_image", "vividness"))
    file = "photo" if name == "content_image" else None
    data = photo() if file else b"1"
    return RawRequest(request(form(*[part(name, data, file)] * rng.randrange(2, 15),
                            part("content_image", photo()))))  # fmt: skip


def bad_options(rng: random.Random) -> RawRequest:
    """An option with a value that it cannot have."""
    value = rng.choice((b"nan", b"-1", b"1e999", b"\0", b"\xff\xfe", b"'; --", b"9" * 4000, b"{}",
                        "٣".encode(), b"1,5", b"0x1"))  # fmt: skip
    return RawRequest(request(form(part("content_image", photo()), part("vividness", value, None))))


def odd_names(rng: random.Random) -> RawRequest:
    """A file name that would be bad to use; the photo is fine."""
    name = rng.choice(("../../etc/passwd", "a" * 5000, "a\0b", "CON", "фото.jpg", "", ".", "a;b"))
    return RawRequest(request(form(part("content_image", photo(), name))), SUCCESS | REFUSALS)


def broken_boundary(rng: random.Random) -> RawRequest:
    """A form whose boundary is missing, different, or in the wrong place."""
    body = form(part("content_image", photo()))
    mark = BOUNDARY.encode()
    return rng.choice((
        RawRequest(request(body, "multipart/form-data")),
        RawRequest(request(body, "multipart/form-data; boundary=")),
        RawRequest(request(body, "multipart/form-data; boundary=other")),
        RawRequest(request(body, "multipart/form-data; boundary=" + "b" * 500)),
        RawRequest(request(body, 'multipart/form-data; boundary="' + BOUNDARY), SUCCESS | REFUSALS),
        RawRequest(request(body.replace(b"\r\n", b"\n")), SUCCESS | REFUSALS),
        RawRequest(request(body.replace(b"--" + mark + b"--", b"--" + mark))),
        RawRequest(request(body[: len(body) // 2])),
        RawRequest(request(b"--" + mark + b"\r\n" * 5000)),
        RawRequest(
            request(b"--" + mark + b"\r\n" + b"X: y\r\n" * 5000 + b"\r\n\r\n--" + mark + b"--")
        ),
        RawRequest(request(b"--" + mark + b"\r\n" + b"X" * 200_000)),
        RawRequest(request(b"junk" * 9000 + body), SUCCESS | REFUSALS),
        RawRequest(request(form(part("content_image", body)))),
    ))  # fmt: skip


def wrong_content_type(rng: random.Random) -> RawRequest:
    """The photo with a content type that is not a picture's."""
    kind = rng.choice(("application/json", "text/plain", "application/x-www-form-urlencoded",
                       "multipart/mixed; boundary=x", "nonsense", ";;;=", "image", "video/mp4",
                       "application/octet-stream", "\x01"))  # fmt: skip
    return RawRequest(request(photo(), kind))


def odd_content_type(rng: random.Random) -> RawRequest:
    """The photo with another picture format's content type: only the file counts."""
    kind = rng.choice(("image/png", "image/x-nonsense", "image/svg+xml", "image/*", "IMAGE/JPEG"))
    return RawRequest(request(photo(), kind), SUCCESS)


KINDS: dict[str, Callable[[random.Random], RawRequest]] = {
    made.__name__: made
    for made in (
        empty_forms, wrong_fields, thousands_of_fields, huge_text, duplicate_fields, bad_options,
        odd_names, broken_boundary, wrong_content_type, odd_content_type,
    )
}  # fmt: skip
