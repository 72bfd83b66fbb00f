"""The photo in a request: a multipart form or the bare body, kept in memory."""

import io
from collections.abc import Collection
from typing import IO

from flask import Request, request
from werkzeug.exceptions import RequestEntityTooLarge

from .problems import Problem

# What the multipart envelope adds to the file at most.
_ENVELOPE = 65_536
_MOST_PARTS = 20


class InMemoryRequest(Request):
    """A request whose uploads stay in memory, where Werkzeug would write large ones to /tmp."""

    max_form_parts = _MOST_PARTS
    # Werkzeug also counts the block that it is reading, 64 KiB.
    max_form_memory_size = 4 * 65_536

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return io.BytesIO()


def check_options(known: Collection[str], files: Collection[str]) -> None:
    """Refuse (400) query and form fields other than the options `known` and the file fields."""
    sent = set(request.args) | set(request.form) | set(request.files)
    options = " and ".join(sorted(known)) if known else "none"
    for name in sorted((set(request.args) - set(known)) | (sent - set(known) - set(files))):
        raise Problem(
            400,
            "unknown-option",
            f"There is no option {name[:64]!r} here. Options: {options}. "
            f"Pictures: {' and '.join(files)}.",
        )


def pictures(names: Collection[str], max_bytes: int) -> dict[str, io.BytesIO]:
    """The pictures of a request by field name: the first of `names` is required.

    A body with an image type counts as that first one. Raises Problem: 400 missing or doubled, 413
    more than `max_bytes` in one picture, 415 neither a form nor a picture.
    """
    first = next(iter(names))
    request.max_content_length = max_bytes * len(names) + _ENVELOPE
    try:
        if request.mimetype.startswith("image/"):
            found = {first: io.BytesIO(request.get_data(cache=False))}
        elif request.mimetype == "multipart/form-data":
            found = _from_form(names)
        else:
            raise Problem(
                415,
                "not-an-upload",
                f"Send the photo as the form field {first} (curl -F {first}=@photo.jpg) or as the "
                "request's body with its own Content-Type, such as image/jpeg.",
            )
    except RequestEntityTooLarge:
        raise _too_large(max_bytes) from None
    for picture in found.values():
        if picture.getbuffer().nbytes > max_bytes:
            raise _too_large(max_bytes)
    return found


def _from_form(names: Collection[str]) -> dict[str, io.BytesIO]:
    found = {}
    for position, name in enumerate(names):
        files = request.files.getlist(name)
        if len(files) > 1:
            raise Problem(400, "picture-doubled", f"{name} was sent {len(files)} times; send one.")
        if files:
            stream = files[0].stream
            assert isinstance(stream, io.BytesIO)
            found[name] = stream
        elif position == 0:
            text = name in request.form
            raise Problem(
                400,
                "picture-missing",
                f"The field {name} holds text, not a file: write {name}=@photo.jpg, with the @."
                if text
                else f"The photo is missing: send it as the form field {name}.",
            )
    return found


def _too_large(max_bytes: int) -> Problem:
    return Problem(
        413,
        "too-many-bytes",
        f"The upload is too large: a picture may have {max_bytes} bytes, and a form "
        f"{_MOST_PARTS} fields. Send a smaller one, or raise MAX_UPLOAD_MB.",
    )
