"""The page in a real browser: a photo in color, then in a style, then in color again."""

import time

import numpy as np
import pytest
from PIL import Image

from tests.color_client.pictures import file_of, opened
from tests.color_client.test_page_in_a_browser import page, wait_for_after  # noqa: F401

from .test_style import calm, painted

pytestmark = pytest.mark.slow

PHOTO = calm(120, 80)
STYLE = (200, 120, 40)


def upload(name: str, image: Image.Image) -> dict:
    return {"name": name, "mimeType": "image/png", "buffer": file_of(image)}


def wait_for_text(page, selector: str, text: str) -> None:  # noqa: F811
    deadline = time.monotonic() + 20
    while text not in page.inner_text(selector):
        assert time.monotonic() < deadline, page.inner_text("body")
        page.wait_for_timeout(50)


def download(page, path) -> Image.Image:  # noqa: F811
    with page.expect_download() as download:
        page.click("#download")
    download.value.save_as(path)
    return opened(path.read_bytes())


def test_color_then_style_then_color(client, predictor, page, tmp_path):  # noqa: F811
    page.goto(client.address)
    page.set_input_files("#photo", upload("old photo.png", PHOTO))
    wait_for_after(page, width=120)
    wait_for_text(page, "figcaption:has(#model)", "by color/rule")

    # A style picture paints the photo that is there.
    page.set_input_files("#style", upload("style.png", Image.new("RGB", (60, 60), STYLE)))
    wait_for_text(page, "figcaption:has(#model)", "by style/rule")
    after = download(page, tmp_path / "style.png")
    assert np.abs(np.asarray(after) - painted(PHOTO, STYLE)).max() <= 1

    # Another strength paints it again, and so does the box.
    page.fill("input[name=strength]", "0.5")
    page.dispatch_event("input[name=strength]", "change")
    deadline = time.monotonic() + 20
    while predictor.seen[-1][1]["instances"][0].get("strength") != 0.5:
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)
    wait_for_text(page, "#status", "Done in")
    after = download(page, tmp_path / "half.png")
    assert np.abs(np.asarray(after) - painted(PHOTO, STYLE, 0.5)).max() <= 1.5

    page.click("#color-only")
    wait_for_text(page, "figcaption:has(#model)", "by color/rule")


def test_a_style_picture_first(client, page):  # noqa: F811
    page.goto(client.address)
    page.set_input_files("#style", upload("style.png", Image.new("RGB", (60, 60), STYLE)))
    assert page.is_hidden("#result")
    page.set_input_files("#photo", upload("photo.png", PHOTO))
    wait_for_text(page, "figcaption:has(#model)", "by style/rule")


def test_a_broken_style_picture_in_words(client, page):  # noqa: F811
    page.goto(client.address)
    broken = {"name": "style.png", "mimeType": "image/png", "buffer": b"hello"}
    page.set_input_files("#style", broken)
    page.set_input_files("#photo", upload("photo.png", PHOTO))
    page.wait_for_selector("#error:not([hidden])")
    assert "style_image: This is not a picture" in page.inner_text("#error")
