"""Picture files that are broken, hostile or odd, each made from a generator of random numbers.

Each function is one kind. `Picture.size` is set if the file is odd but whole: then the answer must
be 200 with a picture of that size; otherwise any clean refusal will do.
"""

import io
import random
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image, TiffImagePlugin

from soak.picture_files import (
    FORMATS,
    Picture,
    bomb,
    chunk,
    png_header,
    saved,
    whole_file,
)


def truncated(rng: random.Random) -> Picture:
    """A truncated photo."""
    file = whole_file(rng.choice(FORMATS))
    return Picture(file[: rng.randrange(1, len(file) - 1)])


def flipped(rng: random.Random) -> Picture:
    """A photo with some bits flipped."""
    file = bytearray(whole_file(rng.choice(FORMATS)))
    for _ in range(rng.choice((1, 2, 8, 64))):
        file[rng.randrange(len(file))] ^= 1 << rng.randrange(8)
    return Picture(bytes(file))


def header_flipped(rng: random.Random) -> Picture:
    """The same among the first bytes, which hold sizes and offsets."""
    file = bytearray(whole_file(rng.choice(FORMATS)))
    for _ in range(rng.choice((1, 2, 4))):
        file[rng.randrange(8, min(128, len(file)))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
    return Picture(bytes(file))


def spliced(rng: random.Random) -> Picture:
    """The start of one photo and the end of another."""
    first, second = (whole_file(rng.choice(FORMATS)) for _ in range(2))
    return Picture(first[: rng.randrange(len(first))] + second[rng.randrange(len(second)) :])


def wiped(rng: random.Random) -> Picture:
    """A photo with a block of one byte in it."""
    file = bytearray(whole_file(rng.choice(FORMATS)))
    start = rng.randrange(len(file))
    stop = min(len(file), start + rng.randrange(1, 2000))
    file[start:stop] = bytes([rng.choice((0, 0xFF, 0x41))]) * (stop - start)
    return Picture(bytes(file))


def wrong_type(rng: random.Random) -> Picture:
    """A file that is not a picture, or of a format that is not read."""
    starts = (
        b"%PDF-1.7\n", b"PK\3\4", b"\x7fELF\2\1\1", b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\0\0\0\x18ftypmp42", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"\x1f\x8b",
        b"#!/bin/sh\n", b"8BPS\0\1", b"\0\0\1\0", b"SIMPLE  =", b"push graphic-context\n", b"{}",
    )  # fmt: skip
    return Picture(rng.choice(starts) + rng.randbytes(rng.randrange(0, 5000)))


def noise(rng: random.Random) -> Picture:
    """Random bytes, or the start of a format and then random bytes."""
    start = rng.choice((b"", whole_file(rng.choice(FORMATS))[: rng.randrange(4, 40)]))
    return Picture(start + rng.randbytes(rng.randrange(1, 20_000)))


def pixel_bomb(rng: random.Random) -> Picture:
    """A few bytes that claim to be millions by millions of pixels."""
    most = 2**31 - 1
    width, height = rng.choice(
        ((60_000, 60_000), (most, most), (1, most), (16_383, 16_383), (65_535, 65_535), (0, 7))
    )
    kind = rng.choice(("PNG", "BMP", "GIF", "PPM", "TIFF"))
    if kind == "PNG":
        return Picture(png_header(width, height) + chunk(b"IDAT", zlib.compress(b"\0" * 999)))
    if kind == "BMP":
        fields = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
        return Picture(b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + fields)
    if kind == "GIF":
        low = width & 0xFFFF, height & 0xFFFF
        frame = b"," + struct.pack("<HHHHB", 0, 0, *low, 0) + b"\x08\x01\x00\x00;"
        return Picture(b"GIF89a" + struct.pack("<HHBBB", *low, 0, 0, 0) + frame)
    if kind == "PPM":
        return Picture(b"P6 %d %d 255\n" % (width, height) + bytes(50))
    tags = ((256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 200), (279, 9))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return Picture(b"II*\0\x08\0\0\0" + directory + bytes(120))


def compressed_bomb(rng: random.Random) -> Picture:
    """A small PNG whose text, profile or pixels inflate to a thousand times their size."""
    stream = bomb()
    photo = whole_file("PNG")
    header, rest = photo[:33], photo[33:]
    name = rng.choice((b"zTXt", b"iTXt", b"iCCP", b"IDAT"))
    if name == b"IDAT":
        return Picture(png_header(16, 16) + chunk(b"IDAT", stream) + chunk(b"IEND", b""))
    data = {
        b"zTXt": b"Comment\0\0" + stream,
        b"iTXt": b"Comment\0\1\0\0\0" + stream,
        b"iCCP": b"profile\0\0" + stream,
    }[name]
    return Picture(header + chunk(name, data) * rng.choice((1, 4)) + rest)


def text_below_the_limit(rng: random.Random) -> Picture:
    """A PNG of many texts, each of them just small enough for Pillow (1 MB)."""
    text = zlib.compress(bytes([rng.randrange(1, 255)]) * 1_000_000)
    texts = b"".join(chunk(b"zTXt", b"T%d\0\0" % number + text) for number in range(60))
    photo = whole_file("PNG")
    return Picture(photo[:33] + texts + photo[33:])


def many_chunks(rng: random.Random) -> Picture:
    """Thousands of tiny chunks or segments before the pixels."""
    if rng.random() < 0.5:
        photo = whole_file("PNG")
        return Picture(photo[:33] + chunk(b"tEXt", b"a\0b") * 20_000 + photo[33:])
    photo = whole_file("JPEG")
    return Picture(photo[:2] + b"\xff\xfe\0\x03x" * 50_000 + photo[2:])


def wrong_lengths(rng: random.Random) -> Picture:
    """Lengths and counts larger than the file."""
    huge = rng.choice((2**31 - 1, 2**32 - 1, 0x7FFF_0000))
    if rng.random() < 0.5:
        return Picture(whole_file("PNG")[:33] + struct.pack(">I", huge) + b"IDAT" + bytes(200))
    tags = ((256, 4, 1, 50), (257, 4, 1, 50), (273, 4, huge, 8), (279, 4, huge, 8),
            (700, 1, huge, 8), (34675, 7, huge, 8))  # fmt: skip
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    # The next directory is this one: a loop.
    return Picture(b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + b"\x08\0\0\0")


def _frames(rng: random.Random, mode: str) -> tuple[list[Image.Image], int]:
    first = rng.randrange(40, 200)
    size = rng.randrange(20, 60), rng.randrange(20, 60)
    levels = [first, *(rng.randrange(256) for _ in range(rng.randrange(1, 12)))]
    return [Image.new("L", size, level).convert(mode) for level in levels], first


def animated(rng: random.Random) -> Picture:
    """An animation: the first frame counts."""
    kind = rng.choice(("GIF", "WEBP", "PNG", "AVIF"))
    frames, first = _frames(rng, "RGB")
    options: dict[str, object] = {"lossless": True} if kind == "WEBP" else {}
    if kind == "AVIF":
        options = {"quality": 100}
    file = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=40, **options)
    return Picture(file, frames[0].size, first)


def many_pages(rng: random.Random) -> Picture:
    """A TIFF of several pages, sometimes of several sizes: the first page counts."""
    frames, first = _frames(rng, "L")
    pages = [frame.resize((rng.randrange(1, 90), rng.randrange(1, 90))) for frame in frames[1:]]
    packing = rng.choice((None, "tiff_lzw", "tiff_deflate"))
    options: dict[str, object] = {"compression": packing} if packing else {}
    file = saved(frames[0], "TIFF", save_all=True, append_images=pages, **options)
    return Picture(file, frames[0].size, first)


def odd_sizes(rng: random.Random) -> Picture:
    """Whole pictures that are one pixel wide or high, or nearly."""
    size = rng.choice(((1, 1), (1, 2000), (2000, 1), (2, 3), (3, 700), (17, 16), (255, 257)))
    image = Image.new("L", size, 120)
    return Picture(saved(image, rng.choice(("PNG", "TIFF", "BMP", "WEBP"))), size)


def odd_modes(rng: random.Random) -> Picture:
    """Whole pictures of unusual channels and depths."""
    width, height = rng.randrange(8, 60), rng.randrange(8, 60)
    ramp = np.linspace(0, 255, width * height).reshape(height, width).astype(np.uint8)
    gray = Image.fromarray(ramp)
    mode = rng.choice(("1", "P", "LA", "RGBA", "I;16", "CMYK", "F", "I"))
    if mode == "I;16":
        image, kind = Image.fromarray(ramp.astype(np.uint16) * 257), rng.choice(("PNG", "TIFF"))
    elif mode in ("F", "I"):
        image, kind = gray.convert(mode), "TIFF"
    elif mode == "CMYK":
        image, kind = gray.convert("CMYK"), rng.choice(("JPEG", "TIFF"))
    else:
        image, kind = gray.convert(mode), rng.choice(("PNG", "TIFF"))
    return Picture(saved(image, kind), (width, height))


def broken_metadata(rng: random.Random) -> Picture:
    """A whole photo whose EXIF or color profile is rubbish."""
    exif = b"Exif\0\0" + rng.choice((b"", b"II*\0\x08\0\0\0")) + rng.randbytes(rng.randrange(300))
    photo = Image.open(io.BytesIO(whole_file("PNG")))
    kind = rng.choice(("JPEG", "WEBP", "PNG"))
    options = {"exif": exif} if rng.random() < 0.5 else {"icc_profile": rng.randbytes(500)}
    if kind == "JPEG" and "exif" in options:
        segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
        plain = saved(photo, kind)
        return Picture(plain[:2] + segment + plain[2:])
    return Picture(saved(photo, kind, **options))


def plain_numbers(rng: random.Random) -> Picture:
    """A PPM in decimal numbers, which takes a decoder long; or one that goes wrong late."""
    side = rng.choice((64, 300))
    values = b" ".join(b"%d" % rng.randrange(256) for _ in range(side * side))
    if rng.random() < 0.5:
        return Picture(b"P2\n%d %d\n255\n" % (side, side) + values, (side, side))
    return Picture(b"P2\n%d %d\n255\n" % (side, side) + values[:-40] + b" 99999 -7 x")


def subifd_tiff(rng: random.Random) -> Picture:
    """A TIFF with strips, tiles or tags of the wrong types."""
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[270] = "x" * rng.randrange(1, 5000)
    file = bytearray(saved(Image.new("L", (40, 30), 99), "TIFF", tiffinfo=info))
    for _ in range(rng.randrange(1, 6)):
        file[rng.randrange(8, len(file))] = rng.randrange(256)
    return Picture(bytes(file))


KINDS: dict[str, Callable[[random.Random], Picture]] = {
    made.__name__: made
    for made in (
        truncated, flipped, header_flipped, spliced, wiped, wrong_type, noise, pixel_bomb,
        compressed_bomb, text_below_the_limit, many_chunks, wrong_lengths, animated, many_pages,
        odd_sizes, odd_modes, broken_metadata, plain_numbers, subifd_tiff,
    )
}  # fmt: skip
