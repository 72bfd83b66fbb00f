"""Picture files to pixels and back: what an upload holds, as a person sees it."""

import io
import re
from dataclasses import dataclass

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from . import png
from .errors import BrokenPicture, EmptyPicture, TooManyPixels, UnknownPicture
from .lab import Bytes

# The limit is ours (by the header, with an answer that names it); Pillow's own would come first
# for some sizes, as a warning or an exception.
Image.MAX_IMAGE_PIXELS = None
# What the compressed texts of a PNG may inflate to. Pillow's own limit, 64 MB, would be met by a
# file of 64 kB, and is for each of the photos in hand.
PngImagePlugin.MAX_TEXT_MEMORY = 4 * 1024 * 1024

# What photos come in. Not all that Pillow opens: some of its formats run other programs.
# Pillow registers a format when its module is imported, and by itself does so too late for a list.
_READERS = (
    PngImagePlugin.PngImageFile,
    JpegImagePlugin.JpegImageFile,
    GifImagePlugin.GifImageFile,
    WebPImagePlugin.WebPImageFile,
    TiffImagePlugin.TiffImageFile,
    BmpImagePlugin.BmpImageFile,
    PpmImagePlugin.PpmImageFile,
    AvifImagePlugin.AvifImageFile,
)
FORMATS = tuple(reader.format for reader in _READERS)
NAMES = "PNG, JPEG, GIF, WebP, TIFF, BMP, PPM or AVIF"
# What files of these formats start with; `.` is any byte.
_SIGNATURE = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|II\*\0|MM\0\*|BM|P[1-7]\s|....ftypavi",
    re.DOTALL,
)

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Photo:
    """An upload as a person sees it: upright, sRGB. `image` is of mode L or RGB, `alpha` of L."""

    image: Image.Image
    alpha: Image.Image | None


def open_header(data: io.BytesIO, max_pixels: int) -> ImageFile.ImageFile:
    """Read a picture's header and no pixels.

    Raises EmptyPicture, BrokenPicture, UnknownPicture, or TooManyPixels: more than `max_pixels`.
    """
    if not data.getbuffer().nbytes:
        raise EmptyPicture("The picture is empty: 0 bytes arrived.")
    try:
        image = Image.open(data, formats=FORMATS)
        width, height = image.size
    except Exception as error:
        # Pillow documents no list of what broken files raise.
        if _SIGNATURE.match(data.getbuffer()[:16]):
            raise _broken() from error
        raise UnknownPicture(
            f"This is not a picture that can be read. Send a {NAMES} file."
        ) from error
    if width * height > max_pixels:
        raise TooManyPixels(
            f"The picture is {width} x {height}, {width * height} pixels; the limit is {max_pixels}"
            " pixels. Send a smaller one, or raise MAX_PIXELS.",
        )
    return image


def decode(image: ImageFile.ImageFile) -> Photo:
    """Decode what `open_header` opened: the first frame, upright, converted to sRGB. Only the size
    of what was opened is of use after that.

    Raises BrokenPicture where the file is damaged or cut short.
    """
    try:
        return _decode(image)
    except Exception as error:
        raise _broken() from error


def _broken() -> BrokenPicture:
    return BrokenPicture(
        "The picture is broken or cut short. Open it and save it again, or send another one.",
    )


def _decode(image: ImageFile.ImageFile) -> Photo:
    profile = image.info.get("icc_profile")
    image.load()
    # Asked only now, because Pillow turns TIFFs by itself, and then no longer tells.
    turn = _UPRIGHT.get(_orientation(image))
    pixels, alpha = _split_alpha(image)
    pixels = _eight_bits(pixels)
    if profile:
        pixels = _to_srgb(pixels, profile)
    if pixels.mode not in ("L", "RGB"):
        pixels = pixels.convert("RGB")
    if turn is not None:
        pixels = pixels.transpose(turn)
        alpha = alpha.transpose(turn) if alpha else None
    _let_go(image, pixels)
    return Photo(pixels, alpha)


def _let_go(image: ImageFile.ImageFile, pixels: Image.Image) -> None:
    """Free what the opened file still holds, now that `pixels` hold what counts: up to 16 bytes a
    pixel of WebP, whose decoder keeps two canvases and Pillow a third.
    """
    image.fp = None
    vars(image).pop("_decoder", None)
    if pixels is not image:
        image.close()


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        # Broken EXIF says nothing, and the picture beside it may be whole.
        return 1


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Color and alpha apart; of palettes their colors."""
    key = image.info.get("transparency")
    if image.mode.startswith("I;16") and isinstance(key, int):
        alpha = Image.fromarray(np.where(np.asarray(image) == key, 0, 255).astype(np.uint8))
        return image, alpha
    if key is not None and image.mode in ("1", "L", "P", "RGB"):
        image = image.convert("RGBA" if image.mode in ("P", "RGB") else "LA")
    elif image.mode in ("P", "PA"):
        image = image.convert("RGBA" if image.mode == "PA" else "RGB")
    elif image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    if image.mode in ("LA", "RGBA"):
        alpha = image.getchannel("A")
        return image.convert(image.mode[:-1]), None if alpha.getextrema()[0] == 255 else alpha
    return image, None


def _eight_bits(image: Image.Image) -> Image.Image:
    """One byte a channel. 16 bits are scaled by 257; wider numbers have no agreed white, so they
    are stretched from their least to their greatest value unless they fit a common range.
    """
    if image.mode == "1":
        return image.convert("L")
    if not image.mode.startswith(("I", "F")):
        return image
    # In place: these are four bytes a pixel, and there may be 50 million.
    values = np.asarray(image).astype(np.float32)
    np.nan_to_num(values, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16") or (image.mode == "I" and low >= 0 and high <= 65_535):
        low, high = 0.0, 65_535.0
    elif image.mode == "F" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif image.mode == "F" and low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    values -= np.float32(low)
    values *= np.float32(255.0 / ((high - low) or 1.0))
    np.rint(values, out=values)
    return Image.fromarray(values.astype(np.uint8))


def _to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """Through the embedded ICC profile to sRGB; a profile that is broken or of another kind of
    picture is ignored, as browsers do.
    """
    spaces = {"L": "GRAY", "RGB": "RGB ", "CMYK": "CMYK", "LAB": "Lab "}
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if profile.profile.xcolor_space != spaces.get(image.mode):
            return image
        if "sRGB" in (profile.profile.profile_description or ""):
            return image
        converted = ImageCms.profileToProfile(
            image,
            profile,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return image
    if converted is None:
        return image
    return converted.getchannel("G") if image.mode == "L" else converted


def encode(pixels: Bytes, alpha: Image.Image | None, media_type: str, exif: bytes = b"") -> bytes:
    """A picture file of sRGB pixels [H,W,3], 0…255: image/png, image/jpeg or image/webp, with an
    EXIF block (the TIFF structure alone) where one is given.
    """
    if media_type == "image/png":
        if alpha is not None:
            pixels = np.concatenate([pixels, np.asarray(alpha)[..., None]], axis=2)
        return png.encode(pixels, exif)
    image = Image.fromarray(pixels)
    file = io.BytesIO()
    told = {"exif": b"Exif\0\0" + exif} if exif else {}
    if media_type == "image/jpeg":
        if alpha is not None:
            white = Image.new("RGB", image.size, "white")
            white.paste(image, mask=alpha)
            image = white
        # Color is what we made, so it is not thinned out (4:4:4).
        image.save(file, "JPEG", quality=92, subsampling=0, **told)
        return file.getvalue()
    if alpha is not None:
        image.putalpha(alpha)
    image.save(file, "WEBP", quality=90, method=2, **told)
    return file.getvalue()
