"""The pages of a TIFF file: what a scanner puts one after the other."""

from pathlib import Path

from PIL import TiffImagePlugin

_NEW_SUBFILE_TYPE = 254
# Of its bits: a smaller copy of another page, a mask of another page.
_NO_PAGE = 0b101


def pages(path: Path) -> list[int]:
    """Which frames of a TIFF file are pages, from 0; [0] for a file of any other kind, and for one
    that cannot be read.
    """
    if path.suffix.lower() not in (".tif", ".tiff"):
        return [0]
    found = []
    try:
        with TiffImagePlugin.TiffImageFile(path) as image:
            for frame in range(image.n_frames):
                image.seek(frame)
                if not int(image.tag_v2.get(_NEW_SUBFILE_TYPE, 0)) & _NO_PAGE:
                    found.append(frame)
    except Exception:
        # Pillow documents no list of what broken files raise; whoever decodes it will tell.
        return [0]
    return found or [0]
