"""The receipt of a picture."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, g

from feedback.receipts import HEADER, Receipts
from web.options import Option

# A text that is longer stands in it as a hash.
_MAX_LENGTH = 40


def add_receipt(
    response: Response,
    receipts: Receipts | None,
    values: Mapping[str, Any],
    appearance: Sequence[Option],
    content_image: bytes,
    style_image: bytes | None = None,
) -> None:
    """Add a receipt to the reply with a picture, where receipts are issued. It holds hashes of the
    files, and those of the options `appearance` that are not at their default.
    """
    if receipts is None:
        return
    options = {
        option.name: _receipt_value(values[option.name], receipts)
        for option in appearance
        if values[option.name] != option.default
    }
    if style_image is not None:
        options["style_image"] = receipts.keyed_hash(style_image)
    response.headers[HEADER] = receipts.issue(
        content_image,
        request_id=g.request_id,
        route=g.route,
        model=response.headers.get("X-Model"),
        options=options,
    )


def _receipt_value(value: Any, receipts: Receipts) -> Any:
    """An option as it is stored in a receipt: long values, and those that are not JSON, such as
    hints, as a hash.
    """
    if isinstance(value, bool | int | float) or (
        isinstance(value, str) and len(value) < _MAX_LENGTH
    ):
        return value
    return receipts.keyed_hash(repr(value).encode(errors="replace"))
