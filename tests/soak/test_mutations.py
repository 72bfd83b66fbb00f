"""Each kind of upload is what its name says, and always the same for a seed and a number."""

import io
import random
import re
import zlib

import pytest
from PIL import Image

from soak import hostile_pictures, hostile_requests, mutations
from soak.http_bytes import BOUNDARY
from soak.picture_files import FORMATS, Picture, whole_file


def picture(kind: str, seed: int = 0) -> Picture:
    return hostile_pictures.KINDS[kind](random.Random(f"{kind}/{seed}"))


def raw(kind: str, seed: int = 0) -> bytes:
    return hostile_requests.KINDS[kind](random.Random(f"{kind}/{seed}")).data


def some(kind: str):
    return [picture(kind, seed) for seed in range(12)]


@pytest.mark.parametrize("client", ["color", "style"])
def test_a_seed_and_a_number_always_make_the_same(client):
    for number in range(0, 2 * len(mutations.KINDS), 5):
        assert mutations.make(client, 7, number) == mutations.make(client, 7, number)
    start = range(len(mutations.KINDS))
    first, other = ([mutations.make(client, seed, n).data for n in start] for seed in (1, 2))
    assert first != other


def test_all_kinds_take_turns():
    made = [mutations.make("color", 1, number).kind for number in range(len(mutations.KINDS))]
    assert sorted(made) == sorted({*hostile_pictures.KINDS, *hostile_requests.KINDS})


@pytest.mark.parametrize("kind", ["truncated", "flipped", "header_flipped", "spliced", "wiped"])
def test_broken_files_are_near_whole_ones(kind):
    whole = [whole_file(each) for each in FORMATS]
    for made in some(kind):
        assert made.file not in whole
        assert any(made.file[:4] == each[:4] for each in whole) or len(made.file) < 4 or (
            kind in ("wiped", "spliced", "flipped")
        )  # fmt: skip


def test_a_truncated_file_is_the_start_of_a_whole_one():
    whole = [whole_file(each) for each in FORMATS]
    assert all(any(each.startswith(made.file) for each in whole) for made in some("truncated"))


def test_wrong_types_are_no_pictures():
    for made in some("wrong_type"):
        with pytest.raises(Image.UnidentifiedImageError):
            Image.open(io.BytesIO(made.file), formats=FORMATS)


def test_pixel_bombs_are_small_files_of_very_many_pixels(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    many = 0
    for made in some("pixel_bomb"):
        assert len(made.file) < 1000
        try:
            with Image.open(io.BytesIO(made.file)) as image:
                many += image.width * image.height > 50_000_000
        except (OSError, SyntaxError, ValueError, ZeroDivisionError):
            continue  # sizes that cannot be
    assert many >= 4


def test_compressed_bombs_inflate_to_a_thousand_times_their_size():
    for made in some("compressed_bomb"):
        start = made.file.index(b"x\xda", 33)
        inflated = zlib.decompressobj().decompress(made.file[start:], 10_000_000)
        assert len(inflated) == 10_000_000 and len(made.file) < 400_000


def test_moving_pictures_have_several_frames_and_a_known_first():
    for kind in ("animated", "many_pages"):
        for made in some(kind):
            with Image.open(io.BytesIO(made.file)) as image:
                assert image.n_frames > 1 and image.size == made.size
                middle = image.convert("L").getpixel((image.width // 2, image.height // 2))
                assert abs(middle - made.gray) <= 3


@pytest.mark.parametrize("kind", ["odd_sizes", "odd_modes"])
def test_odd_pictures_are_whole(kind):
    for made in some(kind):
        with Image.open(io.BytesIO(made.file)) as image:
            image.load()
            assert image.size == made.size


def test_forms_of_thousands_of_fields():
    assert max(raw("thousands_of_fields", s).count(b"form-data; name=") for s in range(9)) > 4000


def test_huge_headers_are_huge_or_not_allowed():
    heads = [raw("huge_headers", seed).partition(b"\r\n\r\n")[0] for seed in range(40)]
    assert max(map(len, heads)) > 900_000
    assert any(b"\r\nBad Name: " in head for head in heads)


def test_content_lengths_are_wrong():
    wrong = 0
    for seed in range(30):
        head, _, body = raw("wrong_content_length", seed).partition(b"\r\n\r\n")
        lengths = re.findall(rb"Content-Length: (.*)", head)
        wrong += lengths != [b"%d" % len(body)]
    assert wrong == 30


def test_zero_bytes_and_wrong_fields():
    assert any(raw("empty_forms", seed).endswith(b"\r\n\r\n") for seed in range(30))
    for seed in range(10):
        first = re.search(rb'name="([^"]*)"; filename', raw("wrong_fields", seed))
        assert first and first[1] != b"content_image"


def test_good_photos_are_valid():
    for kind in ("second_photo", "chunked", "odd_headers"):
        made = hostile_requests.KINDS[kind](random.Random(1))
        assert made.statuses == {200}
        assert (
            made.data.startswith(b"POST /predict HTTP/1.1\r\n") and BOUNDARY.encode() in made.data
        )
