"""The head of a request, of which a part has come."""

import re

LONGEST = 65_536
_FIRST_LINE = re.compile(rb"[A-Z]+ \S+ HTTP/1\.[01]\r?\n")
_LONGEST_FIRST_LINE = 4_200


def is_complete_or_invalid(head: bytes) -> bool:
    """Whether nothing that is still to come matters: it is whole, or wrong already."""
    first, line_end, _ = head.partition(b"\n")
    return (
        len(head) >= LONGEST
        or b"\r\n\r\n" in head
        or bool(line_end and not _FIRST_LINE.fullmatch(first + line_end))
        or len(first) > _LONGEST_FIRST_LINE
    )
