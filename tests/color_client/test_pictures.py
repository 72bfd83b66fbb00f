"""Every kind of photo comes back: right size, right way up, its own luminance, its alpha."""

import base64
import io

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, ImageOps, features

from pictures import depth
from pictures.decode import decode
from pictures.header import open_header

from .pictures import (
    XYZ_FROM_LINEAR,
    file_of,
    lab_of,
    levels,
    linear_profile,
    luminance_error,
    luminance_levels,
    opened,
    scene,
)


def colored(client, photo: bytes | None, **options) -> Image.Image:
    reply = client.predict(photo, **options)
    assert reply.status_code == 200, reply.text
    return opened(reply.content)


def test_the_reply_says_whether_the_photo_had_color(client):
    photo = scene(120, 80, 1)
    for sent, had in (
        (photo, "yes"),
        (photo.convert("L"), "no"),
        (photo.convert("L").convert("RGB"), "no"),
    ):
        assert client.predict(file_of(sent)).headers["X-Photo-Color"] == had


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_photo_comes_back_in_color_with_its_own_luminance(client, mode):
    photo = scene(500, 375, 1, mode)
    reply = client.predict(file_of(photo))
    after = opened(reply.content)
    assert reply.headers["Content-Type"] == "image/png"
    assert reply.headers["X-Model"] == "color/rule"
    assert (after.format, after.mode, after.size) == ("PNG", "RGB", (500, 375))
    assert luminance_error(photo, after) <= 1
    # What the rule says: dark is green and yellow, light is red and blue.
    lightness, a, b = np.moveaxis(lab_of(np.asarray(after)), -1, 0)
    assert a[lightness < 40].mean() < -3 and a[lightness > 60].mean() > 3
    assert b[lightness < 40].mean() > b[lightness > 70].mean() + 5


def test_a_flat_photo_gets_exactly_the_color_of_the_rule(client):
    after = colored(client, file_of(Image.new("L", (30, 20), 119)))
    # Level 119 is L* 50.03: a* = 0, b* = 15.
    lab = lab_of(np.asarray(after))
    assert np.abs(lab - [50.03, 0.0, 15.0]).max() < 1.0


@pytest.mark.parametrize("where", ["params", "data"])
@pytest.mark.parametrize("vividness", [0, 0.5, 2, ""])
def test_vividness_multiplies_the_color(client, vividness, where):
    photo = file_of(Image.new("L", (30, 20), 119))
    after = colored(client, photo, **{where: {"vividness": vividness}})
    b = 15.0 if vividness == "" else 15.0 * vividness
    assert np.abs(lab_of(np.asarray(after)) - [50.03, 0.0, b]).max() < 1.0


def test_options_go_with_a_bare_body_too(client):
    photo, headers = file_of(Image.new("L", (30, 20), 119)), {"Content-Type": "image/png"}
    after = colored(client, None, data=photo, headers=headers, params={"vividness": 2})
    assert np.abs(lab_of(np.asarray(after)) - [50.03, 0.0, 30.0]).max() < 1.0


def test_the_body_may_be_the_photo_itself(client):
    photo = file_of(scene(64, 48), "JPEG")
    reply = client.predict(None, data=photo, headers={"Content-Type": "image/jpeg"})
    assert reply.status_code == 200
    assert opened(reply.content).size == (64, 48)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(client, orientation, kind):
    photo = scene(80, 48, 2)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    lossless = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95, "subsampling": 0}}
    data = file_of(photo, kind, exif=exif, **lossless.get(kind, {}))
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    after = colored(client, data)
    assert after.size == ((80, 48) if orientation < 5 else (48, 80)) == upright.size
    assert luminance_error(upright, after) <= 1


def test_broken_exif_is_ignored(client):
    photo = scene(40, 30)
    data = file_of(photo, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff nothing of the kind")
    assert colored(client, data).size == (40, 30)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_kept(client, mode):
    photo = scene(90, 60, 3).convert(mode)
    alpha = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 90), dtype=np.uint8))
    photo.putalpha(alpha)
    after = colored(client, file_of(photo))
    assert after.mode == "RGBA"
    assert (np.asarray(after.getchannel("A")) == np.asarray(alpha)).all()
    assert luminance_error(photo.convert("RGB"), after.convert("RGB")) <= 1


def test_jpeg_has_no_alpha_so_it_lies_on_white(client):
    photo = scene(90, 60, 3)
    photo.putalpha(Image.new("L", (90, 60), 0))
    after = colored(client, file_of(photo), headers={"Accept": "image/jpeg"})
    assert after.format == "JPEG" and np.asarray(after).min() >= 254


def test_palette_gif_with_transparency_gives_its_first_frame(client):
    first = scene(64, 48, 4).quantize(64)
    second = scene(64, 48, 5).quantize(64)
    hole = first.copy()
    hole.paste(63, (0, 0, 16, 16))
    data = file_of(hole, "GIF", save_all=True, append_images=[second], transparency=63, duration=50)
    expected = opened(data).convert("RGBA")
    after = colored(client, data)
    assert after.mode == "RGBA" and after.size == (64, 48)
    assert (np.asarray(after.getchannel("A")) == np.asarray(expected.getchannel("A"))).all()
    assert after.getpixel((3, 3))[3] == 0
    assert luminance_error(expected.convert("RGB"), after.convert("RGB")) <= 1


@pytest.mark.parametrize("transparency", [None, 7])
def test_palette_png(client, transparency):
    options = {} if transparency is None else {"transparency": transparency}
    data = file_of(scene(64, 48, 4).quantize(16), **options)
    after = colored(client, data)
    assert after.mode == ("RGB" if transparency is None else "RGBA")
    assert luminance_error(opened(data).convert("RGB"), after.convert("RGB")) <= 1


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bits_of_gray(client, kind):
    ramp = np.linspace(0, 65535, 120 * 90).reshape(90, 120)
    data = file_of(Image.fromarray(ramp.astype(np.uint16)), kind)
    after = colored(client, data)
    assert after.size == (120, 90)
    assert np.abs(luminance_levels(np.asarray(after)) - ramp / 257).max() <= 1


def test_16_bits_with_a_transparent_value(client):
    ramp = np.arange(100 * 50, dtype=np.uint16).reshape(50, 100) * 13
    data = file_of(Image.fromarray(ramp), transparency=int(ramp[10, 10]))
    after = colored(client, data)
    alpha = np.asarray(after.getchannel("A"))
    assert alpha[10, 10] == 0 and (alpha == 0).sum() == 1


@pytest.mark.parametrize("most", [1.0, 255.0, 4000.0])
def test_float_tiff(client, most):
    ramp = np.linspace(0, most, 60 * 40, dtype=np.float32).reshape(40, 60)
    after = colored(client, file_of(Image.fromarray(ramp), "TIFF"))
    assert np.abs(luminance_levels(np.asarray(after)) - ramp * (255 / most)).max() <= 1.1


def test_one_bit(client):
    photo = scene(64, 48).convert("1")
    after = colored(client, file_of(photo))
    assert luminance_error(photo.convert("L"), after) <= 1


def test_cmyk_jpeg(client):
    # Pillow writes the mark of Adobe, which means inverted ink, and reads it back.
    photo = scene(96, 64, 6).convert("CMYK")
    data = file_of(photo, "JPEG", quality=95, subsampling=0)
    assert b"Adobe" in data[:200]
    expected = opened(data).convert("RGB")
    assert abs(np.asarray(expected).mean() - np.asarray(scene(96, 64, 6)).mean()) < 12
    assert luminance_error(expected, colored(client, data)) <= 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_icc_tagged_picture_is_converted_to_srgb(client, mode):
    photo = scene(80, 60, 7).convert(mode)
    profile = linear_profile("GRAY" if mode == "L" else "RGB ")
    after = colored(client, file_of(photo, icc_profile=profile))
    # In this profile numbers are light itself.
    light = np.asarray(photo.convert("L" if mode == "L" else "RGB")) / 255
    expected = levels(light if mode == "L" else light @ XYZ_FROM_LINEAR[1])
    assert np.abs(luminance_levels(np.asarray(after)) - expected).max() <= 1.5


def test_lab_tiff(client):
    photo = scene(80, 60, 7)
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    after = colored(client, file_of(ImageCms.applyTransform(photo, to_lab), "TIFF"))
    # 8-bit Lab is coarse in the dark.
    error = np.abs(luminance_levels(np.asarray(photo)) - luminance_levels(np.asarray(after)))
    assert np.percentile(error, 99) < 3


def test_a_profile_of_another_kind_of_picture_is_ignored(client):
    photo = scene(60, 40, 8)
    data = file_of(photo, icc_profile=linear_profile("GRAY"))
    assert luminance_error(photo, colored(client, data)) <= 1


@pytest.mark.parametrize("profile", [b"not a profile", b""])
def test_broken_icc_profile_is_ignored(client, profile):
    photo = scene(60, 40, 8)
    assert luminance_error(photo, colored(client, file_of(photo, icc_profile=profile))) <= 1


KINDS = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"),
    "GIF": ("1", "L", "P", "RGB", "RGBA"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "PPM": ("1", "L", "RGB", "RGBA"),
    "WEBP": ("L", "RGB", "RGBA"),
    "AVIF": ("L", "RGB", "RGBA"),
    "JPEG": ("1", "L", "RGB", "CMYK"),
    "MPO": ("RGB",),
}


@pytest.mark.parametrize(("kind", "mode"), [(k, m) for k, modes in KINDS.items() for m in modes])
def test_every_kind_of_file(kind, mode):
    if not features.check("avif") and kind == "AVIF":
        pytest.skip("this Pillow has no AVIF")
    more = kind in ("GIF", "TIFF", "WEBP", "MPO", "PNG")
    options = {"save_all": True, "append_images": [scene(64, 48, 9, mode)]} if more else {}
    options |= {"WEBP": {"lossless": True}, "TIFF": {}}.get(kind, {})
    data = file_of(scene(64, 48, 3, mode), kind, **options)
    photo = decode(open_header(io.BytesIO(data), 10_000))
    assert photo.image.mode in ("L", "RGB") and photo.image.size == (64, 48)
    assert luminance_error(opened(data).convert("RGB"), photo.image) <= 1


def test_the_reply_says_how_many_pages_there_are(client):
    pages = [scene(40, 30, seed) for seed in range(3)]
    data = file_of(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    reply = client.predict(data)
    assert reply.headers["X-Pages"] == "3"
    assert luminance_error(pages[0], opened(reply.content)) <= 1
    assert "X-Pages" not in client.predict(file_of(pages[0], "TIFF")).headers


def test_the_reply_says_that_a_jpeg_is_cut_short(client):
    whole = file_of(scene(200, 150), "JPEG")
    assert client.predict(whole[: -len(whole) // 20]).headers["X-Truncated"] == "yes"
    assert "X-Truncated" not in client.predict(whole).headers


@pytest.mark.parametrize("accept", ["image/png", "image/tiff", "image/jpeg", "image/webp"])
def test_metadata_is_the_callers_choice(client, accept):
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ada"
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.DateTimeOriginal: "1963:09:28 14:30:00"}
    photo = file_of(scene(40, 30), "JPEG", exif=exif)
    for asked, artist, date in (("", False, True), ("keep", True, True), ("none", False, False)):
        reply = client.predict(photo, data={"metadata": asked}, headers={"Accept": accept})
        assert reply.headers["Content-Type"] == accept
        kept = opened(reply.content).getexif()
        assert (ExifTags.Base.Artist in kept) == artist
        assert bool(kept.get_ifd(ExifTags.IFD.Exif)) == date
    reply = client.predict(photo, data={"metadata": "all"})
    assert reply.status_code == 400 and "keep, dates, none" in reply.json()["detail"]


def test_too_large_for_the_format_falls_back_to_png(client):
    photo = file_of(scene(16_400, 2, 3))
    assert colored(client, photo, headers={"Accept": "image/webp"}).format == "PNG"


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (700, 1), (3, 2)])
def test_tiny_and_narrow(client, size):
    photo = scene(*size, 9)
    after = colored(client, file_of(photo))
    assert after.size == size and luminance_error(photo, after) <= 1


def test_the_network_gets_the_working_size_and_never_more_than_the_photo(client, predictor):
    for size, sent in (((1000, 500), (256, 128)), ((100, 40), (100, 40)), ((10, 3000), (1, 256))):
        predictor.seen.clear()
        colored(client, file_of(scene(*size)))
        ((_, request),) = predictor.seen
        png = base64.b64decode(request["instances"][0]["l_bytes"]["b64"])
        assert opened(png).size == sent


@pytest.mark.parametrize(
    ("accept", "format"),
    [
        (None, "PNG"),
        ("*/*", "PNG"),
        ("image/*", "PNG"),
        ("image/jpeg", "JPEG"),
        ("image/webp", "WEBP"),
        ("image/jpeg;q=0.4, image/webp;q=0.6", "WEBP"),
        ("image/png;q=0.4, image/jpeg;q=0.6", "JPEG"),
        ("image/jpeg, */*", "JPEG"),
        ("image/jpeg;q=0.5, */*", "PNG"),
        ("image/jpeg;q=0", "PNG"),
        ("image/jpeg, image/png", "PNG"),
        ("text/html", "PNG"),
        ("complete nonsense ;;,", "PNG"),
    ],
)
def test_the_format_is_the_callers_choice(client, accept, format):
    photo = scene(120, 90, 10)
    after = colored(client, file_of(photo), headers={"Accept": accept})
    assert (after.format, after.size) == (format, (120, 90))
    assert np.abs(luminance_levels(np.asarray(after.convert("RGB")))
                  - luminance_levels(np.asarray(photo))).mean() < 4  # fmt: skip


@pytest.mark.parametrize(("kind", "mode"), [("WEBP", "RGB"), ("PNG", "RGBA"), ("TIFF", "CMYK")])
def test_a_decoded_file_holds_no_second_copy_of_its_pixels(kind, mode):
    header = open_header(io.BytesIO(file_of(scene(40, 30, mode=mode), kind)), 10**6)
    photo = decode(header)
    assert photo.image.getpixel((3, 3)) and (header.width, header.height) == (40, 30)
    assert header.image.fp is None and "_decoder" not in vars(header.image)
    if photo.image is not header.image:
        with pytest.raises(ValueError, match="closed"):
            header.image.getpixel((3, 3))


def test_numbers_wider_than_a_byte_are_scaled_as_before():
    """In place; the file's own pixels stay as they are."""
    values = np.linspace(-3, 9, 1200, dtype=np.float32).reshape(30, 40)
    values[0, 0] = np.nan
    image = Image.fromarray(values)
    gray = np.asarray(depth.eight_bits(image))
    expected = np.rint((np.nan_to_num(values) + 3) * 255 / 12)
    expected[0, 0] = np.rint(3 * 255 / 12)
    assert np.abs(gray - expected).max() <= 1
    assert np.asarray(image)[29, 39] == values[29, 39] and np.isnan(np.asarray(image)[0, 0])


def test_the_published_gray_pictures(client, shared):
    for name in ("chicago-grey.png", "woman-grey.png"):
        data = (shared / "seed" / "img" / name).read_bytes()
        before, after = opened(data), colored(client, data)
        assert after.size == before.size
        assert luminance_error(before.convert("RGB"), after.convert("RGB")) <= 1
