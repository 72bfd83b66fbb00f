"""File formats: which one a file is, and whether it is supported."""

import re
from typing import Any

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

try:
    import pillow_heif
except ImportError:  # the extra `heif` is not installed
    pillow_heif = None

# The limit is ours (by the header, with an answer that names it); Pillow's own would come first
# for some sizes, as a warning or an exception.
Image.MAX_IMAGE_PIXELS = None
# What the compressed texts of a PNG may inflate to. Pillow's own limit, 64 MB, would be met by a
# file of 64 kB, and is for each of the photos in progress.
PngImagePlugin.MAX_TEXT_MEMORY = 4 * 1024 * 1024

# What photos come in. Not all that Pillow opens: some of its formats run other programs.
# Pillow registers a format when its module is imported, and by itself does so too late for a list.
_READERS: list[Any] = [
    PngImagePlugin.PngImageFile,
    JpegImagePlugin.JpegImageFile,
    GifImagePlugin.GifImageFile,
    WebPImagePlugin.WebPImageFile,
    TiffImagePlugin.TiffImageFile,
    BmpImagePlugin.BmpImageFile,
    PpmImagePlugin.PpmImageFile,
    Jpeg2KImagePlugin.Jpeg2KImageFile,
    AvifImagePlugin.AvifImageFile,
]
if pillow_heif is not None:
    pillow_heif.register_heif_opener(thumbnails=False)
    _READERS.append(pillow_heif.HeifImageFile)
FORMATS = tuple(reader.format for reader in _READERS)
NAMES = "PNG, JPEG, GIF, WebP, TIFF, BMP, PPM, JPEG 2000, AVIF" + (
    " or HEIC" if pillow_heif is not None else " (HEIC with the extra heif installed)"
)

# What files of these formats start with; `.` is any byte.
_SIGNATURE = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|II\*\0|MM\0\*|II\+\0|MM\0\+|BM"
    rb"|P[1-6f]\s|\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"
    rb"|....ftyp(avi[fs]|he[vi][cx]|he[im][sm]|m(if|sf)1)",
    re.DOTALL,
)
_HEIC = re.compile(rb"....ftyp(he|m(if|sf)1)", re.DOTALL)

_AS_PICTURE = "Save it as PNG, TIFF or JPEG and send that."
_DEVELOP = "Develop it with the camera maker's program, darktable or RawTherapee, and send a JPEG."
_EXPORT = "Export the page as PNG and send that."
# Files that people take for pictures, by how they start: what they are, and what to do.
_UNSUPPORTED = tuple(
    (re.compile(start, re.DOTALL), name, advice)
    for start, name, advice in (
        (rb".{0,1000}%PDF-", "a PDF file", _EXPORT),
        (rb"(\xef\xbb\xbf)?\s*(<\?xml.{0,2000}|<!--.{0,2000})?<(!DOCTYPE svg|svg)", "an SVG file",
         _EXPORT),
        (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript file", _EXPORT),
        (rb"....ftypcrx ", "a RAW file (Canon CR3)", _DEVELOP),
        (rb"FUJIFILMCCD-RAW", "a RAW file (Fujifilm RAF)", _DEVELOP),
        (rb"IIR[OS]\x08\0|MMOR", "a RAW file (Olympus ORF)", _DEVELOP),
        (rb"IIU\0", "a RAW file (Panasonic RW2)", _DEVELOP),
        (rb"\0MRM", "a RAW file (Minolta MRW)", _DEVELOP),
        (rb"FOVb", "a RAW file (Sigma X3F)", _DEVELOP),
        (rb"P7\s", "a PAM file", _AS_PICTURE),
        (rb"PF\s", "a PFM file in color", _AS_PICTURE),
        (rb"8BP[SB]", "a Photoshop file", _AS_PICTURE),
        (rb"gimp xcf", "a GIMP file", _AS_PICTURE),
        (rb"\xff\x0a|\0\0\0\x0cJXL ", "a JPEG XL file", _AS_PICTURE),
        (rb"II\xbc", "a JPEG XR file", _AS_PICTURE),
        (rb"v/1\x01", "an OpenEXR file", _AS_PICTURE),
        (rb"#\?RADIANCE", "a Radiance HDR file", _AS_PICTURE),
        (rb".{128}DICM", "a DICOM file", _AS_PICTURE),
        (rb"\0\0[\x01\x02]\0", "an icon file", _AS_PICTURE),
        (rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI ", "a video", "Save one frame of it as JPEG."),
        (rb"PK\x03\x04", "a zip archive", "Unpack it and send the photos in it."),
        (rb"\s*<((!doctype|!DOCTYPE) )?(html|HTML)", "a web page",
         "Save the picture on it and send that."),
    )
)  # fmt: skip


def is_known(start: bytes) -> bool:
    """Whether a file that starts so (some hundred bytes) claims to be of a format that is read."""
    return bool(_SIGNATURE.match(start)) and (pillow_heif is not None or not _HEIC.match(start))


def is_tiff(start: bytes) -> bool:
    """Whether a file that starts so claims to be a TIFF, a BigTIFF included."""
    return start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def refusal(start: bytes) -> str:
    """What a file is that starts so and is not read, as far as we know, and what to do."""
    if pillow_heif is None and _HEIC.match(start):
        return (
            "This is a HEIC photo. It takes pillow-heif, which is not installed here: pip install "
            "'colorway[heif]'. Or send it as JPEG: an iPhone takes JPEGs with Settings, "
            "Camera, Formats, Most Compatible."
        )
    for pattern, name, advice in _UNSUPPORTED:
        if pattern.match(start):
            return f"This is {name}, which is not read here. {advice}"
    return f"This is not a picture that can be read. Send a {NAMES} file."


def reader_error(data: Any) -> str:
    """What the format's own reader says against a file that no reader opens; maybe nothing."""
    for reader in _READERS:
        data.seek(0)
        try:
            image: ImageFile.ImageFile = reader(data)
            image.close()
        except Exception as error:
            text = str(error)
            if "nsupported" in text:
                return text
    return ""
