"""The page in a real browser: a photo in color, then in a style, then in color again."""

import numpy as np
import pytest
from PIL import Image

from tests.browser import PHONE, download, wait_for_after, wait_for_text, wait_until
from tests.color_client.pictures import file_of

from .predictors import sent_picture
from .test_style import calm, painted

pytestmark = pytest.mark.slow

PHOTO = calm(120, 80)
STYLE = (200, 120, 40)


def upload(name: str, image: Image.Image) -> dict:
    return {"name": name, "mimeType": "image/png", "buffer": file_of(image)}


OWN = upload("style.png", Image.new("RGB", (60, 60), STYLE))


def test_color_then_style_then_color(client, predictor, page, tmp_path):
    def shown(strength: float) -> bool:
        after = np.asarray(download(page, tmp_path / "style.png"))
        return bool(np.abs(after - painted(PHOTO, STYLE, strength)).max() <= 1.5)

    page.goto(client.address)
    page.set_input_files("#photo", upload("old photo.png", PHOTO))
    wait_for_after(page, width=120)
    wait_for_text(page, "#made", "by color/rule")
    assert page.is_visible("#vividness") and page.is_hidden("#strength")

    # A style picture of one's own paints the photo that is there.
    page.set_input_files("#style-file", OWN)
    wait_for_text(page, "#made", "by style/rule")
    assert page.is_checked("#own input") and page.is_hidden("#vividness")
    wait_until(page, lambda: page.input_value("#slide") == "0")  # all of the painting
    assert shown(0.7)

    # Another strength paints it again, and so does the box.
    page.focus("#strength")
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    wait_until(page, lambda: shown(0.5))
    with page.expect_response("**/predict"):
        page.check("#preserve_color")

    page.click("#styles .tile:has([value=''])")
    wait_for_text(page, "#made", "by color/rule")


def test_a_style_picture_of_the_gallery_by_keyboard(client, predictor, page):
    page.goto(client.address)
    page.focus("#styles input:checked")
    page.keyboard.press("ArrowRight")
    assert page.is_hidden("#result") and page.is_visible("#strength")
    page.set_input_files("#photo", upload("photo.png", PHOTO))
    wait_for_text(page, "#made", "by style/rule")
    (row,) = predictor.seen[-1][1]["instances"]
    assert sent_picture(row["style_bytes"]).std() > 0.1, "a picture, not a flat color"
    with page.expect_download() as offered:
        page.click("#download")
    assert offered.value.suggested_filename == "photo-style.png"


def test_a_broken_style_picture_in_words(client, page):
    page.goto(client.address)
    broken = {"name": "style.png", "mimeType": "image/png", "buffer": b"hello"}
    page.set_input_files("#style-file", broken)
    page.set_input_files("#photo", upload("photo.png", PHOTO))
    page.wait_for_selector("#error:not([hidden])")
    assert "The style picture: This is not a picture" in page.inner_text("#error")
    assert page.is_hidden("#retry"), "the same picture again would not help"
    # Another wish is another try.
    page.click("#styles .tile:has([value=''])")
    wait_for_text(page, "#made", "by color/rule")
    assert page.is_visible("#after") and page.is_hidden("#error")


def test_on_a_phone_nothing_is_cut_off(client, open_page):
    page = open_page(**PHONE)
    page.goto(client.address)
    page.tap("#styles .tile:has([value*=waves])")
    page.set_input_files("#photo", upload("photo.png", PHOTO))
    wait_for_text(page, "#made", "by style/rule")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
