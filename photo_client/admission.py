"""How many photos may be in progress at once: `web.admission`, where a photo costs its decoded
pixels.
"""

import random

from web.admission import Admission, Limit
from web.problems import Problem

# What a decoded pixel takes in memory at most, with all that is made of it: 7 for a gray JPEG, 12
# for one in color, 18 for an RGBA picture that goes out as WebP.
BYTES_PER_PIXEL = 18
# Random, so that callers who are refused together do not come back together.
_RETRY_AFTER_S = 1, 5
_DETAIL: dict[Limit, str] = {
    "requests": "{} photos are in progress already. Try again soon.",
    "bytes": "Other large uploads are in progress already. Try again soon.",
    "cost": "Other large photos are in progress, and none was done in time. Try again soon.",
}


def _overloaded(limit: Limit, requests: int) -> Problem:
    detail = _DETAIL[limit].format(requests)
    return Problem(503, "overloaded", detail, random.randint(*_RETRY_AFTER_S))


def photo_admission(max_photos: int, max_pixels: int, max_upload_bytes: int = 2**62) -> Admission:
    """Refuses photos over these limits with Problem 503."""
    return Admission(max_photos, _overloaded, max_upload_bytes, max_pixels)
