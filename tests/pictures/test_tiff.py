"""TIFF files of every kind, written by tifffile: right, or refused by a name."""

import io
import struct

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from pictures.decode import Photo, decode
from pictures.errors import BrokenPicture, NoSuchPage, PictureError, UnsupportedPicture
from pictures.header import count_pages, open_header

PHOTOMETRICS = {"miniswhite": 1, "minisblack": 1, "rgb": 3, "separated": 4}
UNSPECIFIED, ASSOCIATED, UNASSOCIATED = 0, 1, 2


def read(file: bytes, page: int = 0) -> Photo:
    return decode(open_header(io.BytesIO(file), 10**6, page))


def written(values: np.ndarray, **how) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, metadata=None, **how)
    return file.getvalue()


def shown(values: np.ndarray, bits: int | None = None) -> np.ndarray:
    """Numbers of any type as levels 0…255, by the rules of `depth.eight_bits`, in float64."""
    kind, bits = values.dtype.kind, bits or 8 * values.dtype.itemsize
    values = values.astype(np.float64)
    low, high = 0.0, 1.0
    if kind in "ui" and bits == 32:
        low, high = values.min(), values.max()
    elif kind == "u":
        high = 2.0**bits - 1
    elif kind == "i":
        low, high = (-(2.0 ** (bits - 1)) if values.min() < 0 else 0.0), 2.0 ** (bits - 1) - 1
    return (values - low) / (high - low) * 255


@st.composite
def tiffs(draw):
    """(file, levels [H,W,C] that it should show, its alpha or None)"""
    kind = draw(st.sampled_from(["u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8"]))
    photometric = draw(st.sampled_from(list(PHOTOMETRICS)))
    colors = PHOTOMETRICS[photometric]
    extra = draw(st.sampled_from([None, UNSPECIFIED, ASSOCIATED, UNASSOCIATED]))
    planes = draw(st.booleans())
    height, width = draw(st.tuples(st.integers(2, 20), st.integers(2, 20)))
    samples = colors + (extra is not None)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (height, width, samples)
    if kind[0] == "f":
        values = rng.random(shape).astype(kind)
    else:
        limits = np.iinfo(kind)
        values = rng.integers(limits.min, limits.max, shape, kind, endpoint=True)
        # The whole range is there: 32 bits are stretched over what is.
        values[0, 0, 0], values[1, 1, 0] = limits.min, limits.max
    how = {
        "photometric": photometric,
        "byteorder": draw(st.sampled_from("<>")),
        "compression": draw(st.sampled_from([None, "zlib"])),
        "tile": draw(st.sampled_from([None, (16, 16)])),
        "bigtiff": draw(st.booleans()),
    }
    stored = values
    if samples > 1:
        how["planarconfig"] = "separate" if planes else "contig"
        stored = np.moveaxis(values, -1, 0) if planes else values
    if extra is not None:
        how["extrasamples"] = [extra]
    file = written(stored if samples > 1 else values[..., 0], **how)

    alpha = shown(values[..., -1:])[..., 0] if extra in (ASSOCIATED, UNASSOCIATED) else None
    levels = shown(values[..., :colors])
    if photometric == "separated":
        levels = (255 - levels[..., :3]) * (255 - levels[..., 3:]) / 255
    elif photometric == "miniswhite":
        levels = 255 - levels
    if extra == ASSOCIATED:
        levels = np.minimum(levels / np.maximum(alpha, 0.5)[..., None] * 255, 255)
    return file, levels, alpha


@settings(max_examples=300, deadline=None, derandomize=True)
@given(tiffs())
def test_a_tiff_is_right_or_refused_by_name(tiff):
    file, levels, alpha = tiff
    try:
        photo = read(file)
    except UnsupportedPicture as error:
        assert "Save it as" in error.detail and ("samples of" in error.detail or
                                                 "BigTIFF" in error.detail)  # fmt: skip
        return
    pixels = np.asarray(photo.image, np.float64)
    error = np.abs((pixels if pixels.ndim == 3 else pixels[..., None]) - levels)
    # Divided by a small alpha, 8 bits are coarse.
    assert (error if alpha is None else error[alpha > 100]).max(initial=0) <= 3
    if alpha is None:
        assert photo.alpha is None
    else:
        assert photo.alpha is not None
        assert np.abs(np.asarray(photo.alpha, np.float64) - alpha).max() <= 1


RAMP = np.linspace(0, 1, 320).reshape(16, 20)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "i1", "i2", "i4", "f4", "f8"])
def test_all_kinds_of_gray_are_read(kind, photometric, compression, order):
    """The property above would hold, too, if all were refused."""
    most = 1 if kind[0] == "f" else np.iinfo(kind).max
    values = (RAMP * most).astype(kind)
    file = written(values, photometric=photometric, compression=compression, byteorder=order)
    levels = shown(values)
    wanted = 255 - levels if photometric == "miniswhite" else levels
    assert np.abs(np.asarray(read(file).image, np.float64) - wanted).max() <= 1


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("extra", [UNSPECIFIED, ASSOCIATED, UNASSOCIATED])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_16_bit_gray_with_alpha(photometric, extra, order):
    values = np.stack([RAMP * 30_000, np.full_like(RAMP, 40_000)], axis=-1).astype("u2")
    photo = read(written(values, photometric=photometric, extrasamples=[extra], byteorder=order))
    levels = RAMP * 30_000 / 257 / (40_000 / 65_535 if extra == ASSOCIATED else 1)
    wanted = 255 - levels if photometric == "miniswhite" else levels
    assert np.abs(np.asarray(photo.image, np.float64) - wanted).max() <= 1
    if extra == UNSPECIFIED:
        assert photo.alpha is None
    else:
        assert photo.alpha is not None and photo.alpha.getextrema() == (156, 156)


@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_color_of_16_bits(planes):
    values = np.random.default_rng(0).integers(0, 65_536, (10, 12, 3), np.uint16)
    stored = np.moveaxis(values, -1, 0) if planes == "separate" else values
    for order in "<>":
        file = written(stored, photometric="rgb", planarconfig=planes, byteorder=order)
        assert np.abs(np.asarray(read(file).image, float) - values / 257).max() <= 1


@pytest.mark.parametrize(
    ("kind", "photometric", "samples", "named"),
    [
        ("f2", "minisblack", 1, "gray in 1 floating-point samples of 16 bits"),
        ("f4", "rgb", 3, "RGB in 3 floating-point samples of 32 bits"),
        ("u4", "rgb", 3, "RGB in 3 unsigned samples of 32 bits"),
        ("i1", "rgb", 3, "RGB in 3 signed samples of 8 bits"),
    ],
)
def test_unsupported_variants_are_named(kind, photometric, samples, named):
    values = np.zeros((8, 8, samples) if samples > 1 else (8, 8), kind)
    with pytest.raises(UnsupportedPicture, match=named):
        read(written(values, photometric=photometric))


def hand_made(tags: dict[int, int], data: bytes, order: str = "<") -> bytes:
    """A TIFF of one strip with those tags, each a LONG, of kinds that tifffile does not write."""
    tags = tags | {273: 8 + 2 + 12 * (len(tags) + 2) + 4, 279: len(data)}
    entries = b"".join(struct.pack(order + "HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return start + struct.pack(order + "H", len(tags)) + entries + bytes(4) + data


GRAY_8 = {256: 16, 257: 4, 258: 8, 259: 1, 262: 1, 277: 1, 278: 4}


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12])
@pytest.mark.parametrize("white_is_zero", [False, True])
def test_packed_bits(bits, white_is_zero, order):
    numbers = [index * (2**bits - 1) // 63 for index in range(64)]
    packed = "".join(f"{number:0{bits}b}" for number in numbers)
    data = bytes(int(packed[at : at + 8], 2) for at in range(0, len(packed), 8))
    tags = GRAY_8 | {258: bits, 262: 0 if white_is_zero else 1}
    levels = np.array(numbers).reshape(4, 16) * 255 / (2**bits - 1)
    pixels = np.asarray(read(hand_made(tags, data, order)).image, np.float64)
    assert np.abs(pixels - (255 - levels if white_is_zero else levels)).max() <= 1


@pytest.mark.parametrize(
    "tags",
    [
        GRAY_8 | {50706: 0x01040000},  # DNGVersion
        GRAY_8 | {254: 1, 330: 500},  # a preview, and SubIFDs
        GRAY_8 | {262: 32803},  # the sensor's own pattern
        GRAY_8 | {262: 34892},
    ],
)
def test_a_camera_raw_is_refused_and_not_its_thumbnail_colored(tags):
    with pytest.raises(UnsupportedPicture, match="RAW file of a camera"):
        read(hand_made(tags, bytes(64)))


def test_other_compressions_and_color_spaces_are_named():
    with pytest.raises(UnsupportedPicture, match="compressed by method 34712"):
        read(hand_made(GRAY_8 | {259: 34712}, bytes(64)))
    with pytest.raises(UnsupportedPicture, match="compressed by webp"):
        read(hand_made(GRAY_8 | {259: 50001}, bytes(64)))
    with pytest.raises(UnsupportedPicture, match="LogLuv"):
        read(hand_made(GRAY_8 | {262: 32845}, bytes(64)))


def test_damaged_files_are_broken():
    for file in (
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08",
        b"II*\0\x08\0\0\0\x05\0abc",
    ):
        with pytest.raises(BrokenPicture):
            read(file)


def pages(*levels: int, **how) -> bytes:
    file = io.BytesIO()
    with tifffile.TiffWriter(file, **how) as writer:
        for level in levels:
            writer.write(np.full((8, 8 + level), level, np.uint8), photometric="minisblack",
                         metadata=None, subfiletype=1 if level == 99 else 0)  # fmt: skip
    return file.getvalue()


@pytest.mark.parametrize("how", [{}, {"byteorder": ">"}, {"bigtiff": True}])
def test_pages(how):
    # 99 is a reduced picture, which is no page, wherever it stands.
    file = pages(99, 10, 20, 99, 30, **how)
    assert count_pages(io.BytesIO(file)) == 3
    for page, level in enumerate((10, 20, 30)):
        photo = read(file, page)
        assert photo.pages == 3
        assert photo.image.size == (8 + level, 8)
        assert photo.image.getextrema() == (level, level)
    with pytest.raises(NoSuchPage, match="3 pages"):
        read(file, 3)


def test_pages_in_a_circle_end():
    file = bytearray(pages(10))
    (first,) = struct.unpack_from("<I", file, 4)
    (count,) = struct.unpack_from("<H", file, first)
    struct.pack_into("<I", file, first + 2 + 12 * count, first)
    assert count_pages(io.BytesIO(bytes(file))) == 1


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.data())
def test_no_garbled_tiff_raises_anything_else(data):
    file = bytearray(pages(10, 20))
    for _ in range(data.draw(st.integers(1, 8))):
        file[data.draw(st.integers(4, len(file) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(bytes(file))
    except PictureError:
        return
