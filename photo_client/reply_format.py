"""The picture format that the caller wants: the header Accept (RFC 9110, section 12.5.1)."""

from werkzeug.datastructures import MIMEAccept

# Ours in order of preference; the side that the format can hold at most.
_MAX_SIDE = {
    "image/png": 2**31 - 1,
    "image/webp": 16_383,
    "image/jpeg": 65_535,
    "image/tiff": 2**31 - 1,
}
MEDIA_TYPES = tuple(_MAX_SIDE)


def choose(accept: MIMEAccept, size: tuple[int, int]) -> str:
    """The media type of the reply for a picture of `size` (width, height).

    The highest q wins, then a named format over a wildcard, then PNG. If nothing matches it is PNG:
    a picture in another format is better than none.
    """
    best, best_rank = "image/png", (0.0, False)
    for media_type, max_side in _MAX_SIDE.items():
        named = [q for value, q in accept if value.split(";")[0].strip().lower() == media_type]
        q = float(named[0] if named else accept[media_type])
        rank = (q, q > 0 and bool(named))
        if rank > best_rank and max(size) <= max_side:
            best, best_rank = media_type, rank
    return best
