"""What a PNG, an AVIF or a HEIC says of its colors, against the formulas of the standards."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from pictures import color_profile
from pictures.decode import decode
from pictures.errors import UnsupportedPicture
from pictures.header import open_header
from tests.color_client.pictures import file_of, linear_profile

RAMP = np.arange(256, dtype=np.uint8)
GRAYS = Image.fromarray(np.tile(RAMP, (2, 1)))
_STEPS = RAMP[::15], RAMP[::15], RAMP[::85]
RGB = Image.fromarray(np.stack(np.meshgrid(*_STEPS), -1).reshape(18, -1, 3))


def read(file: bytes) -> np.ndarray:
    return np.asarray(decode(open_header(io.BytesIO(file), 10**6)).image).astype(float)


def with_chunks(
    image: Image.Image, *chunks: tuple[bytes, bytes], icc: bytes | None = None
) -> bytes:
    """A PNG with these chunks behind its IHDR."""
    file = file_of(image, "PNG", **({"icc_profile": icc} if icc else {}))
    more = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return file[:33] + more + file[33:]


def gama(gamma: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(gamma * 100_000))


def chrm(*numbers: float) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *(round(number * 100_000) for number in numbers))


def cicp(primaries: int, transfer: int, full: int = 1) -> tuple[bytes, bytes]:
    return b"cICP", bytes((primaries, transfer, 0, full))


SRGB = (b"sRGB", b"\0")


def encoded(linear: np.ndarray) -> np.ndarray:
    """sRGB (IEC 61966-2-1) of linear light, 0…255."""
    linear = np.clip(linear, 0, 1)
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return 255 * curve


@pytest.mark.parametrize("gamma", [1.0, 0.3, 0.55, 0.7])
@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1"])
def test_gamma(gamma, mode):
    image = GRAYS.convert(mode)
    before = np.asarray(image.convert("L")) / 255
    after = read(with_chunks(image, gama(gamma)))
    after = after if after.ndim == 2 else after[..., 1]
    assert np.abs(after - encoded(before ** (1 / gamma))).max() <= 1.5


def test_gamma_of_16_bits():
    image = Image.fromarray(np.tile(np.arange(256, dtype=np.uint16) * 257, (2, 1)))
    after = read(with_chunks(image, gama(1.0)))
    assert np.abs(after[0] - encoded(RAMP / 255)).max() <= 1.5


@pytest.mark.parametrize("gamma", [0.45455, 0.45, 0.4762])
def test_the_gamma_that_stands_for_srgb(gamma):
    assert np.array_equal(read(with_chunks(GRAYS, gama(gamma))), np.asarray(GRAYS))
    chromaticities = chrm(*color_profile.BT_709)
    assert np.array_equal(read(with_chunks(RGB, gama(gamma), chromaticities)), np.asarray(RGB))


LINEAR = linear_profile()


@pytest.mark.parametrize(
    ("chunks", "icc", "linear"),
    [
        ([gama(1.0)], None, True),
        ([gama(1.0), SRGB], None, False),
        ([SRGB], LINEAR, True),
        ([gama(0.45455)], LINEAR, True),
        ([cicp(1, 13)], LINEAR, False),
        ([cicp(1, 13), gama(1.0)], None, False),
        ([cicp(1, 8), SRGB], None, True),
        ([cicp(1, 2)], LINEAR, True),  # unspecified: the next one counts
        ([cicp(2, 13), SRGB], LINEAR, True),
        ([(b"cICP", b"\1\10\0")], None, False),  # no cICP at all
        ([(b"gAMA", b"\0\0\0\0")], None, False),
        ([(b"cHRM", b"\0" * 32)], None, False),
    ],
)
def test_the_first_of_cicp_iccp_srgb_and_gama_counts(chunks, icc, linear):
    gray_in_color = GRAYS.convert("RGB")
    after = read(with_chunks(gray_in_color, *chunks, icc=icc))[0, :, 1]
    want = encoded(RAMP / 255) if linear else RAMP
    assert np.abs(after - want).max() <= 2


# Display P3 to sRGB, linear (CSS Color 4).
P3_TO_SRGB = np.array(
    ((1.2249402, -0.2249402, 0), (-0.0420570, 1.0420570, 0), (-0.0196376, -0.0786361, 1.0982736))
)


@pytest.mark.parametrize(
    "chunks", [[cicp(12, 13)], [chrm(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)]]
)
def test_primaries(chunks):
    x = np.asarray(RGB) / 255
    linear = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    after = read(with_chunks(RGB, *chunks))
    assert np.abs(after - encoded(linear @ P3_TO_SRGB.T)).max() <= 2


def test_bt_709_has_a_curve_of_its_own():
    after = read(with_chunks(GRAYS.convert("RGB"), cicp(1, 1)))[0, :, 1]
    x = RAMP / 255
    linear = np.where(x < 0.081, x / 4.5, ((x + 0.099) / 1.099) ** (1 / 0.45))
    assert np.abs(after - encoded(linear)).max() <= 1.5


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_refused_by_name(transfer, name):
    with pytest.raises(UnsupportedPicture, match=rf"HDR picture \({name}\).*Export it"):
        read(with_chunks(RGB, cicp(9, transfer)))


def test_narrow_range_is_refused_by_name():
    with pytest.raises(UnsupportedPicture, match="narrow range"):
        read(with_chunks(RGB, cicp(1, 1, full=0)))


def code_points(file: bytes, primaries: int, transfer: int) -> bytes:
    at = file.index(b"colrnclx") + 8
    return file[:at] + struct.pack(">HH", primaries, transfer) + file[at + 4 :]


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_code_points_of_avif_and_heic(format):
    if format == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    if format == "HEIF":
        pytest.importorskip("pillow_heif")
    file = file_of(GRAYS.convert("RGB"), format, quality=100)
    plain = read(code_points(file, 1, 13))[0, :, 1]
    assert np.abs(plain - RAMP).max() <= 2
    linear = read(code_points(file, 1, 8))[0, :, 1]
    assert np.abs(linear - encoded(plain / 255)).max() <= 1.5
    with pytest.raises(UnsupportedPicture, match=r"HDR picture \(PQ\)"):
        read(code_points(file, 9, 16))


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.6])
def test_a_gray_profile_is_exact_in_the_dark(gamma):
    """lcms by default joins 33 points of the curve by lines, 10 levels off beside black."""
    curve = (gamma, 1.0, 0.0, 0.0, 0.0)
    profile = color_profile.profile(color_profile.BT_709, curve, gray=True)
    after = read(file_of(GRAYS, "PNG", icc_profile=profile))[0]
    assert np.abs(after - encoded((RAMP / 255) ** gamma)).max() <= 1


def test_lcms_accepts_our_profiles():
    made = color_profile.profile(color_profile.BT_709, color_profile.SRGB_CURVE)
    ours, theirs = (
        ImageCms.ImageCmsProfile(file).profile
        for file in (io.BytesIO(made), ImageCms.createProfile("sRGB"))
    )
    for name in ("red_colorant", "green_colorant", "blue_colorant"):
        assert np.allclose(getattr(ours, name)[0], getattr(theirs, name)[0], atol=5e-4)
