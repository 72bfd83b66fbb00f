"""The receipt of a picture, in the words of photos."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, g

from feedback.receipts import HEADER, Receipts
from web.options import Option

# What an option says in a receipt; longer is a hash.
_LONGEST = 40


def add_receipt(
    response: Response,
    receipts: Receipts | None,
    asked: Mapping[str, Any],
    known: Sequence[Option],
    content_image: bytes,
    style_image: bytes | None = None,
) -> None:
    """Put a receipt into the reply with a picture, where receipts are given: of the options `known`
    that were `asked` for, those that are not at their default; of the files, their hashes.
    """
    if receipts is None:
        return
    options = {
        option.name: _told(asked[option.name])
        for option in known
        if asked[option.name] != option.default
    }
    if style_image is not None:
        options["style_image"] = _told(style_image)
    response.headers[HEADER] = receipts.issue(
        content_image,
        request_id=g.request_id,
        route=g.route,
        model=response.headers.get("X-Model"),
        options=options,
    )


def _told(value: Any) -> Any:
    if isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) < _LONGEST):
        return value
    return hashlib.sha256(repr(value).encode(errors="replace")).hexdigest()[:_LONGEST]
