"""The photo in a request: a multipart form or the raw body, kept in memory."""

import io
from collections.abc import Callable, Sequence

from flask import Request, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from web.metered_body import MeteredBody
from web.problems import Problem

from .form import MAX_PARTS, FormParser, UnreadableForm

# What the multipart envelope adds to the file at most.
_ENVELOPE = 65_536


class InMemoryRequest(Request):
    """A request whose uploads stay in memory; Werkzeug would write large ones to /tmp."""

    form_data_parser_class = FormParser


def pictures(
    names: Sequence[str], required: int, max_bytes: int, on_bytes: Callable[[int], None]
) -> dict[str, io.BytesIO]:
    """The pictures of a request by field name; the first `required` of `names` must be there.

    A body with an image type counts as the first one. `on_bytes` gets the size of each piece that
    arrives. Raises Problem: 400 missing or doubled, 408 too slow, 413 more than `max_bytes` in one
    picture, 415 neither a form nor a picture, and what `on_bytes` raises.
    """
    first = names[0]
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding != "identity":
        raise Problem(
            415,
            "not-an-upload",
            f"The body is compressed ({encoding[:64]}). Send it as it is: pictures are compressed "
            "already.",
        )
    request.environ["wsgi.input"] = MeteredBody(request.environ["wsgi.input"], on_bytes)
    is_raw = request.mimetype.startswith("image/")
    # A length that is announced and too large is refused before a byte comes.
    if is_raw and (request.content_length or 0) > max_bytes:
        raise _too_large(max_bytes)
    request.max_content_length = max_bytes * required + _ENVELOPE
    try:
        if is_raw:
            found = {first: _raw_body()}
            if required > 1:
                raise _missing(names[1])
        elif request.mimetype == "multipart/form-data":
            found = _from_form(names, required)
        else:
            raise Problem(
                415,
                "not-an-upload",
                f"Send the photo as the form field {first} (curl -F {first}=@photo.jpg) or as the "
                "request's body with its own Content-Type, such as image/jpeg.",
            )
    except RequestEntityTooLarge:
        raise _too_large(max_bytes) from None
    except UnreadableForm as error:
        raise Problem(400, "upload-broken", str(error)) from None
    except (HTTPException, Problem):
        raise
    except Exception as error:
        # The server's own errors about garbled bodies have no base that we could name here.
        raise _ended_early() from error
    for picture in found.values():
        if picture.getbuffer().nbytes > max_bytes:
            raise _too_large(max_bytes)
    return found


def _raw_body() -> io.BytesIO:
    body = request.get_data(cache=False)
    if request.content_length is not None and len(body) < request.content_length:
        raise _ended_early()
    return io.BytesIO(body)


def _from_form(names: Sequence[str], required: int) -> dict[str, io.BytesIO]:
    found = {}
    for position, name in enumerate(names):
        files = request.files.getlist(name)
        if len(files) > 1:
            raise Problem(400, "picture-doubled", f"{name} was sent {len(files)} times; send one.")
        if files:
            stream = files[0].stream
            assert isinstance(stream, io.BytesIO)
            found[name] = stream
        elif position < required:
            raise _missing(name)
    return found


def _missing(name: str) -> Problem:
    return Problem(
        400,
        "picture-missing",
        f"The field {name} holds text, not a file: write {name}=@photo.jpg, with the @."
        if name in request.form
        else f"A picture is missing: send it as the file of the form field {name} "
        f"(curl -F {name}=@photo.jpg).",
    )


def _ended_early() -> Problem:
    return Problem(
        400, "upload-broken", "The upload ended early or arrived garbled. Send it again."
    )


def _too_large(max_bytes: int) -> Problem:
    return Problem(
        413,
        "too-many-bytes",
        f"The upload is too large: a picture may have {max_bytes} bytes, and a form "
        f"{MAX_PARTS} fields. Send a smaller one, or raise MAX_UPLOAD_MB.",
    )
