"""What a picture was made of, kept in its file: a PNG text chunk `Colorway` right behind the
header, where it is read back without the pixels.

{"settings": {"vividness": 1.0, ...}, "sha256": of the photo, "size": in bytes, "modified": ns}
"""

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_START, _END = b"\x89PNG\r\n\x1a\n", b"\0\0\0\0IEND\xaeB`\x82"
# Behind the signature and the chunk IHDR, which must come first.
_OFFSET = 33
_KEYWORD = b"Colorway\0"
_MAX_BYTES = 65_536


@dataclass(frozen=True)
class Source:
    """A photo's file, as a picture of it remembers it."""

    sha256: str
    size: int
    modified: int

    @classmethod
    def of(cls, path: Path, data: bytes) -> "Source":
        """The file at `path`, which holds `data`. Raises OSError."""
        return cls(hashlib.sha256(data).hexdigest(), len(data), path.stat().st_mtime_ns)


def with_stamp(png: bytes, settings: Mapping[str, Any], source: Source) -> bytes:
    """The PNG file with the stamp in it."""
    fields = {"settings": settings, **vars(source)}
    chunk = b"tEXt" + _KEYWORD + json.dumps(fields, sort_keys=True).encode("ascii")
    size, checksum = struct.pack(">I", len(chunk) - 4), struct.pack(">I", zlib.crc32(chunk))
    return b"".join((png[:_OFFSET], size, chunk, checksum, png[_OFFSET:]))


def is_complete(path: Path) -> bool:
    """Whether a PNG file is complete, from its first byte to its last."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_START))
            file.seek(-len(_END), os.SEEK_END)
            return start == _START and file.read() == _END
    except OSError:
        return False


def is_made_from(picture: Path, settings: Mapping[str, Any], photo: Path) -> bool:
    """Whether the file `picture`, a complete PNG, was made from `photo` with `settings`.

    A file without a stamp counts as such: somebody has edited it, so it must not be overwritten.
    The photo is read only if its size or time has changed. Raises OSError.
    """
    fields = _read(picture)
    if fields is None:
        return True
    # As JSON has it: 1 and 1.0 are one number, a tuple is a list.
    if fields.get("settings") != json.loads(json.dumps(settings)):
        return False
    status = photo.stat()
    if (fields.get("size"), fields.get("modified")) == (status.st_size, status.st_mtime_ns):
        return True
    return fields.get("sha256") == hashlib.sha256(photo.read_bytes()).hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    with path.open("rb") as file:
        file.seek(_OFFSET)
        head = file.read(8 + len(_KEYWORD))
        if head[4:] != b"tEXt" + _KEYWORD:
            return None
        size = min(struct.unpack(">I", head[:4])[0] - len(_KEYWORD), _MAX_BYTES)
        try:
            fields = json.loads(file.read(size))
        except ValueError:
            return None
        return fields if isinstance(fields, dict) else None
