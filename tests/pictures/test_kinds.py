"""Odd files of all formats: right, or named with what to do; nothing whole is called broken."""

import io
import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw, ImageOps, TiffImagePlugin

from pictures import formats
from pictures.decode import Photo, decode
from pictures.errors import BrokenPicture, PictureError, UnknownPicture, UnsupportedPicture
from pictures.header import open_header
from tests.color_client.pictures import file_of, levels, linear_profile, luminance_error, scene

CASES = "reference/picture_cases"


def read(file: bytes) -> Photo:
    return decode(open_header(io.BytesIO(file), 10**6))


@pytest.mark.parametrize("name", ["tiff", "png-rgb-gamma", "jpeg-without", "jp2"])
def test_files_with_right_values(shared, name):
    """README.md there has a row for each: `name` | what it is | gray of row 0 at every eighth."""
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in (shared / CASES / "README.md").read_text().splitlines()
        if line.startswith(f"| `{name}")
    ]
    assert rows
    for file, _, right in rows:
        photo = read((shared / CASES / file.strip("`")).read_bytes())
        row = np.asarray(photo.image.convert("L"), int)[0, ::8]
        assert np.abs(row - json.loads(right)).max() <= 3, file
        assert not photo.truncated


JPEG = file_of(scene(200, 150), "JPEG", quality=90)


def test_a_jpeg_without_its_last_bytes_is_shown():
    photo = read(JPEG[:-2])
    assert not photo.truncated and luminance_error(Image.open(io.BytesIO(JPEG)), photo.image) == 0
    photo = read(JPEG[: -len(JPEG) // 20])
    assert photo.truncated and photo.image.size == (200, 150)
    assert luminance_error(Image.open(io.BytesIO(JPEG)).crop((0, 0, 200, 120)),
                           photo.image.crop((0, 0, 200, 120))) == 0  # fmt: skip


def test_jpeg_missing_many_lines_is_broken():
    with pytest.raises(BrokenPicture):
        read(JPEG[: len(JPEG) // 2])


def png(depth: int, color: int, lines: list[bytes], key: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    samples = 3 if color == 2 else 1
    width = len(lines[0]) * 8 // depth // samples
    header = struct.pack(">IIBBBBB", width, len(lines), depth, color, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + line for line in lines))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(name, body)
        for name, body in ((b"IHDR", header), (b"tRNS", key), (b"IDAT", data), (b"IEND", b""))
    )


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("key", [0, 1])
def test_the_transparent_gray_of_a_png(depth, key):
    if depth == 16:
        values = [256, 257, key, 1]
        line = b"".join(struct.pack(">H", value) for value in values)
    else:
        values = [number % 2**depth for number in range(16)]
        text = "".join(f"{value:0{depth}b}" for value in values)
        line = bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))
    photo = read(png(depth, 0, [line], struct.pack(">H", key)))
    assert photo.alpha is not None
    assert np.asarray(photo.alpha)[0].tolist() == [0 if v == key else 255 for v in values]


@pytest.mark.parametrize("depth", [8, 16])
def test_the_transparent_color_of_a_png(depth):
    key = (0x1234, 0x5678, 0x9ABC) if depth == 16 else (0x12, 0x34, 0x56)
    near = (*key[:2], key[2] + 1)  # at 16 bits the same high byte
    letter = ">HHH" if depth == 16 else ">BBB"
    line = struct.pack(letter, *key) + struct.pack(letter, *near)
    photo = read(png(depth, 2, [line], struct.pack(">HHH", *key)))
    assert photo.alpha is not None and np.asarray(photo.alpha)[0].tolist() == [0, 255]


@pytest.mark.parametrize("name", [b"Linear", b"sRGB built-in linear"])
def test_a_profile_counts_and_not_its_name(name):
    photo = scene(60, 40, 7)
    profile = linear_profile().replace(b"Linear\0" + bytes(78), (name + bytes(85))[:85])
    after = np.asarray(read(file_of(photo, icc_profile=profile)).image, float)
    assert np.abs(after - levels(np.asarray(photo) / 255)).max() <= 2


def test_a_profile_that_is_srgb_changes_no_pixel():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = scene(60, 40, 7)
    assert np.array_equal(np.asarray(read(file_of(photo, icc_profile=srgb)).image), photo)


def test_a_tiff_palette_of_8_bit_colors():
    photo = scene(40, 30, 3).quantize(16)
    file = io.BytesIO(file_of(photo, "TIFF"))
    with Image.open(file) as image:
        colors = image.tag_v2[TiffImagePlugin.COLORMAP]
    at = file.getvalue().index(struct.pack(f"<{len(colors)}H", *colors))
    data = bytearray(file.getvalue())
    struct.pack_into(f"<{len(colors)}H", data, at, *(color // 256 for color in colors))
    assert luminance_error(photo.convert("RGB"), read(bytes(data)).image) == 0


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_jpeg_2000(mode):
    photo = scene(64, 48, 3, mode)
    after = read(file_of(photo, "JPEG2000"))
    assert luminance_error(photo.convert("RGB"), after.image) <= 1


@pytest.mark.parametrize("mode", ["L", "LA", "RGB"])
@pytest.mark.parametrize("bits", [4, 12, 16])
def test_jpeg_2000_of_other_depths_is_right_or_refused_by_name(mode, bits):
    # Pillow writes 8 bits, and the other depth into the head alone, which is what is asked.
    file = bytearray(file_of(scene(64, 48, 3, mode), "JPEG2000"))
    at = file.index(b"\xff\x4f\xff\x51") + 42
    for component in range(len(mode)):
        file[at + 3 * component] = bits - 1
    if mode == "L" and bits > 8:
        open_header(io.BytesIO(file), 10**6)
        return
    named = f"has {len(mode)} samples a pixel, of {bits} bits"
    with pytest.raises(UnsupportedPicture, match=named):
        read(bytes(file))


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("kept", [39, 41, 42, 43, 45])
def test_a_jpeg_2000_that_ends_in_its_depths_is_damaged(mode, kept):
    file = file_of(scene(64, 48, 3, mode), "JPEG2000")
    with pytest.raises(BrokenPicture):
        read(file[: file.index(b"\xff\x4f\xff\x51") + kept])


@pytest.mark.parametrize("levels", [2**10, 2**12, 2**16])
def test_gray_jpeg_2000_of_more_than_8_bits(levels):
    pixels = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    pixels = (pixels // (65536 // levels)) * (65536 // levels)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG2000")
    after = np.asarray(read(file.getvalue()).image, float)
    assert np.abs(after - pixels / 257).max() <= 1


def test_a_jpeg_2000_profile_counts():
    photo = scene(64, 48, 3)
    file = file_of(photo, "JPEG2000")
    at = file.index(b"colr") - 4
    (size,) = struct.unpack_from(">I", file, at)
    box = b"colr\2\0\0" + linear_profile()
    new = file[:at] + struct.pack(">I", len(box) + 4) + box + file[at + size :]
    start = new.index(b"jp2h") - 4
    (whole,) = struct.unpack_from(">I", file, start)
    new = new[:start] + struct.pack(">I", whole - size + len(box) + 4) + new[start + 4 :]
    after = np.asarray(read(new).image, float)
    assert np.abs(after - levels(np.asarray(photo) / 255)).max() <= 2
    strange = file.replace(b"colr\1\0\0\0\0\0\x10", b"colr\1\0\0\0\0\0\x0e")
    with pytest.raises(UnsupportedPicture, match="color space 14"):
        read(strange)


def heic(image: Image.Image, **how) -> bytes:
    pytest.importorskip("pillow_heif")
    return file_of(image, "HEIF", quality=95, **how)


def test_heic():
    photo = scene(64, 48, 3)
    after = read(heic(photo))
    assert after.image.size == (64, 48) and after.pages == 1
    difference = np.abs(np.asarray(after.image, int) - np.asarray(photo, int))
    assert difference.mean() < 4
    marked = scene(64, 48, 3).convert("RGBA")
    ImageDraw.Draw(marked).rectangle((0, 0, 31, 47), (0, 0, 0, 0))
    alpha = read(heic(marked)).alpha
    assert alpha is not None and alpha.getpixel((5, 5)) < 5 and alpha.getpixel((60, 5)) > 250


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_is_upright(orientation):
    photo = scene(64, 48, 3)
    exif = Image.Exif()
    exif[0x112] = orientation
    # So it is written as HEIC's own rotation, which counts, and in the EXIF, which then does not.
    photo.info["exif"] = exif.tobytes()
    after = read(heic(photo))
    with Image.open(io.BytesIO(file_of(photo, exif=exif))) as same:
        upright = ImageOps.exif_transpose(same)
    assert after.image.size == upright.size
    assert np.abs(np.asarray(after.image, int) - np.asarray(upright, int)).mean() < 4


def test_without_pillow_heif_the_answer_names_heic(monkeypatch):
    file = heic(scene(64, 48))
    monkeypatch.setattr(formats, "pillow_heif", None)
    monkeypatch.setattr(formats, "FORMATS", tuple(f for f in formats.FORMATS if f != "HEIF"))
    with pytest.raises(UnknownPicture, match=r"HEIC photo.*colorway\[heif\].*Most Compatible"):
        read(file)


@pytest.mark.parametrize(
    ("start", "named"),
    [
        (b"%PDF-1.7\n", "a PDF file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG file"),
        (b"<?xml version='1.0'?>\n<svg/>", "an SVG file"),
        (b"\0\0\0\x18ftypcrx \0\0", "Canon CR3"),
        (b"FUJIFILMCCD-RAW 0201", "Fujifilm RAF"),
        (b"IIRO\x08\0\0\0", "Olympus ORF"),
        (b"IIU\0\x18\0\0\0", "Panasonic RW2"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 2\nMAXVAL 255\nENDHDR\n\0\0", "a PAM file"),
        (b"PF\n1 1\n-1.0\n" + bytes(12), "a PFM file in color"),
        (b"8BPS\0\1", "a Photoshop file"),
        (b"\xff\x0a", "a JPEG XL file"),
        (b"\0\0\0\x18ftypmp42", "a video"),
        (b"PK\3\4", "a zip archive"),
        (b"<!DOCTYPE html><html>", "a web page"),
    ],
)
def test_unsupported_formats_are_named(start, named):
    with pytest.raises(UnknownPicture, match=named):
        read(start + bytes(400))


def test_a_12_bit_jpeg_is_named_and_not_called_broken():
    at = JPEG.index(b"\xff\xc0")
    with pytest.raises(UnsupportedPicture, match="12 bits"):
        read(JPEG[: at + 4] + b"\x0c" + JPEG[at + 5 :])


def test_a_bmp_of_an_unknown_compression_is_named():
    file = bytearray(file_of(scene(20, 10), "BMP"))
    struct.pack_into("<I", file, 30, 77)
    with pytest.raises(UnsupportedPicture, match="variant"):
        read(bytes(file))


@pytest.mark.parametrize("kind", ["JPEG2000", "HEIF", "AVIF", "TIFF"])
def test_truncated_files_are_broken(kind):
    if kind not in formats.FORMATS:
        pytest.skip(f"no {kind} here")
    file = file_of(scene(200, 150), kind)
    for part in (0.3, 0.6, 0.95):
        try:
            read(file[: int(len(file) * part)])
        except PictureError as error:
            assert isinstance(error, BrokenPicture), (part, error)
