"""The hostile uploads, by number: the same seed and number always make the same bytes, so that an
upload that broke a promise can be sent again.
"""

import random
from dataclasses import dataclass

from soak import hostile_pictures, hostile_requests
from soak.http_bytes import form, part, request
from soak.picture_files import whole_file
from soak.raw import REFUSALS, SUCCESS

KINDS = (*hostile_pictures.KINDS, *hostile_requests.KINDS)


@dataclass(frozen=True)
class Upload:
    """Bytes for one connection. `statuses` may come back; a 200 shows a picture of `size` (width,
    height), where that is known, gray of the level `gray` where it is of one gray.
    """

    number: int
    kind: str
    data: bytes
    statuses: frozenset[int]
    half_close: bool = False
    size: tuple[int, int] | None = None
    gray: int | None = None


def make(client: str, seed: int, number: int) -> Upload:
    """Upload `number` of the soak with that seed; the kinds take turns."""
    kind = KINDS[number % len(KINDS)]
    rng = random.Random(f"{seed}/{number}")
    if kind in hostile_requests.KINDS:
        raw = hostile_requests.KINDS[kind](rng)
        return Upload(number, kind, raw.data, raw.statuses, raw.half_close)
    picture = hostile_pictures.KINDS[kind](rng)
    # A readable picture must be accepted; a broken one may be readable by chance.
    statuses = SUCCESS if picture.size else SUCCESS | REFUSALS
    if client == "color" and rng.random() < 0.3:
        kinds = ("image/png", "image/jpeg", "image/x-whatever")
        data = request(picture.file, rng.choice(kinds))
        return Upload(number, kind, data, statuses, False, picture.size, picture.gray)
    parts = [part("content_image", picture.file)]
    headers = []
    size, gray = picture.size, picture.gray
    if client == "style":
        headers = [("style", "transfer")]
        parts.append(part("style_image", whole_file("JPEG")))
        gray = None
        if rng.random() < 0.5:
            parts = [
                part("style_image", picture.file),
                part("content_image", whole_file("JPEG")),
            ]
            size = None
    return Upload(
        number, kind, request(form(*parts), headers=headers), statuses, False, size, gray
    )  # fmt: skip
