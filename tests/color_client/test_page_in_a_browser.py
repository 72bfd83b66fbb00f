"""The page in a real browser: a photo comes in by any way, before and after, errors in words."""

import zipfile

import numpy as np
import pytest

from tests.browser import PHONE, download, photo, wait_for_after, wait_for_text, wait_until

from .pictures import file_of, luminance_error, opened, scene
from .predictors import answers, slow

pytestmark = [pytest.mark.slow, pytest.mark.long(1)]


def clip(page) -> str:
    """How much of the photo as it was is cut off at the right."""
    return page.evaluate("getComputedStyle(document.getElementById('before')).clipPath")


def test_before_and_after(client, page, tmp_path):
    page.goto(client.address)
    assert page.is_visible("#example"), "what to expect is seen before any photo is sent"
    page.set_input_files("#photo", photo())
    wait_for_after(page, width=120)
    wait_for_text(page, "#status", "old photo.png: In color, in ")
    assert page.evaluate("document.getElementById('before').naturalHeight") == 80
    assert "color/rule" not in page.inner_text("#made"), "a name is not to be judged"
    page.click("#made summary")
    assert "by color/rule" in page.inner_text("#made")
    with page.expect_download() as offered:
        page.click("#download")
    assert offered.value.suggested_filename == "old photo-color.png"
    after = download(page, tmp_path / "saved.png")
    assert luminance_error(scene(120, 80, 1, "L"), after) <= 1


def test_the_slider_by_keys_and_by_hand_and_a_click_for_the_full_size(client, open_page):
    page = open_page(reduced_motion="reduce")
    page.goto(client.address)
    page.set_input_files("#photo", photo(size=(600, 400)))
    wait_for_after(page, width=600)
    wait_until(page, lambda: "50%" in clip(page))
    page.focus("#slide")
    for key, cut in (("ArrowRight", "48%"), ("End", "0%"), ("Home", "100%")):
        page.keyboard.press(key)
        wait_until(page, lambda cut=cut: cut in clip(page))
    assert page.get_attribute("#slide", "aria-valuetext") == "0% before, the rest after"

    box = page.locator("#before-after").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.4 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], middle, steps=5)
    page.mouse.up()
    assert 72 <= float(page.input_value("#slide")) <= 78
    assert page.is_hidden("#full")

    page.mouse.click(box["x"] + 0.2 * box["width"], middle)
    page.click("#palette [value='full size']")
    page.wait_for_selector("#full[open]")
    wait_for_text(page, "#full-size", "600 × 400 · 100 %")
    shown = page.locator("#full-picture").bounding_box()
    assert (shown["width"], shown["height"]) == (600, 400)
    page.click("#original")
    assert page.get_attribute("#original", "aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert page.is_hidden("#full")


def test_vividness_sends_the_photo_again(client, predictor, page, tmp_path):
    page.goto(client.address)
    page.set_input_files("#photo", photo())
    wait_for_after(page, width=120)
    page.focus("#vividness")
    page.keyboard.press("Home")
    wait_until(page, lambda: len(predictor.seen) == 2)
    assert page.inner_text("output[for=vividness]") == "0.0"
    wait_until(page, lambda: page.is_hidden("#progress"))
    gray = np.asarray(download(page, tmp_path / "gray.png").convert("RGB")).astype(int)
    assert (gray.max(axis=2) - gray.min(axis=2)).max() <= 1


def test_slider_works_for_formats_the_browser_cannot_show(client, page):
    """Before is the luminance of the answer, made in the browser."""
    page.goto(client.address)
    page.set_input_files("#photo", photo("TIFF"))
    wait_for_after(page, width=120)
    wait_until(page, lambda: page.evaluate("document.getElementById('before').naturalWidth") == 120)
    page.wait_for_selector("#handle", state="visible")


def test_a_bad_file_keeps_the_finished_picture(client, page):
    page.goto(client.address)
    page.set_input_files("#photo", photo())
    wait_for_after(page, width=120)
    page.set_input_files("#photo", {"name": "a.pdf", "mimeType": "image/x", "buffer": b"%PDF-1"})
    page.wait_for_selector("#error:not([hidden])")
    assert page.inner_text("#error p").startswith("a.pdf: ") and page.is_hidden("#retry")
    assert page.is_visible("#after") and page.is_visible("#before")
    assert page.evaluate("document.getElementById('after').naturalWidth") == 120


def test_cancel_and_a_failure_keep_the_photo_that_was_looked_at(client, predictor, page):
    """Also where it is not the last of several."""
    page.goto(client.address)
    page.set_input_files("#photo", [photo(), photo(size=(90, 60))])
    wait_for_text(page, "#strip-count", "2 of 2 done")
    page.click("#tiles .open >> nth=0")
    wait_for_after(page, width=120)
    predictor.behavior = slow(20)
    page.set_input_files("#photo", photo(size=(60, 40)))
    wait_for_text(page, "#status", "Coloring")
    page.click("#cancel")
    wait_for_text(page, "#status", "Canceled.")
    wait_for_after(page, width=120)
    predictor.behavior = answers(502, b"broken", "text/plain")
    page.set_input_files("#photo", photo(size=(60, 40)))
    page.wait_for_selector("#error:not([hidden])")
    wait_for_after(page, width=120)
    assert page.is_visible("#after") and page.is_visible("#download")


def test_several_photos_in_a_strip_and_a_zip(client, page, tmp_path):
    page.goto(client.address)
    bad = {"name": "bad.png", "mimeType": "image/png", "buffer": b"hello"}
    page.set_input_files("#photo", [photo(), bad, photo("JPEG", (90, 60)), photo()])
    wait_for_text(page, "#strip-count", "3 of 4 done")
    wait_until(page, lambda: page.is_hidden("#progress"))
    states = [each.inner_text() for each in page.locator("#tiles .state").all()]
    assert states == ["Done", "Failed", "Done", "Done"]
    with page.expect_download() as offered:
        page.click("#download-all")
    offered.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "old photo-color.png",
            "old photo-color (2).png",
            "old photo-color (3).png",
        ]
        assert opened(archive.read("old photo-color (2).png")).size == (90, 60)
    page.click("#tiles .open >> nth=2")
    wait_for_after(page, width=90)


def test_download_as_jpeg_and_before_and_after_in_one(client, page, tmp_path):
    page.goto(client.address)
    page.set_input_files("#photo", photo())
    wait_for_after(page, width=120)
    page.select_option("#format", "image/jpeg")
    saved = download(page, tmp_path / "saved.jpg")
    assert (saved.format, saved.size) == ("JPEG", (120, 80))
    with page.expect_download() as offered:
        page.click("#download-pair")
    offered.value.save_as(tmp_path / "pair.jpg")
    assert opened((tmp_path / "pair.jpg").read_bytes()).size == (248, 80)


def test_the_picture_follows_vividness_and_the_note_of_color(client, predictor, page):
    page.goto(client.address)
    colored = {"name": "c.png", "mimeType": "image/png", "buffer": file_of(scene(120, 80, 1))}
    page.set_input_files("#photo", colored)
    wait_for_after(page, width=120)
    page.wait_for_selector("#had-color:not([hidden])")
    page.evaluate(
        """() => {
            const slide = document.getElementById("vividness");
            slide.value = 2;
            slide.dispatchEvent(new Event("input", {bubbles: true}));
        }"""
    )
    page.wait_for_selector("#after.following")
    assert len(predictor.seen) == 1, "nothing is asked while one drags"
    page.dispatch_event("#vividness", "change")
    page.wait_for_selector("#after:not(.following)")
    assert len(predictor.seen) == 2


def test_error_is_shown_and_the_photo_can_be_retried(client, predictor, page):
    page.goto(client.address)
    predictor.behavior = answers(503, b"no healthy upstream", "text/plain")
    page.set_input_files("#photo", photo())
    page.wait_for_selector("#error:not([hidden])")
    assert "old photo.png has to wait" in page.inner_text("#error")
    assert page.is_hidden("#result")
    predictor.behavior = None
    page.click("#retry")
    wait_for_after(page, width=120)
    assert page.is_hidden("#error")
    predictor.behavior = answers(500, b"broken", "text/plain")
    page.click("#compare")
    page.wait_for_selector("#error:not([hidden])")
    assert page.is_visible("#result"), "what was there stays there"
    predictor.behavior = None
    with page.expect_file_chooser() as chooser:
        page.click("label:has(#photo)")
    chooser.value.set_files(photo(size=(90, 60)))
    wait_for_after(page, width=90)
    assert page.is_hidden("#error")


def test_a_file_that_is_too_large_is_not_sent(start_client, predictor, page):
    page.goto(start_client(max_upload_mb=0.002).address)
    page.set_input_files("#photo", photo(size=(300, 200)))
    page.wait_for_selector("#error:not([hidden])")
    assert "at most 0.002 MB" in page.inner_text("#error") and predictor.seen == []


def test_progress_while_it_works_and_cancel(client, predictor, page):
    predictor.behavior = slow(20)
    page.goto(client.address)
    page.set_input_files("#photo", photo())
    wait_for_text(page, "#status", "Coloring")
    assert page.is_visible("#progress") and page.is_visible("#before")
    page.click("#cancel")
    wait_for_text(page, "#status", "Canceled.")
    assert page.is_hidden("#progress") and page.is_hidden("#result")


FILE = """
    const canvas = document.createElement("canvas");
    canvas.width = 30; canvas.height = 20;
    const blob = await new Promise((done) => canvas.toBlob(done));
    const data = new DataTransfer();
    data.items.add(new File([blob], "given.png", {type: "image/png"}));
"""


@pytest.mark.parametrize(
    "event",
    [
        'new DragEvent("drop", {dataTransfer: data})',
        'new ClipboardEvent("paste", {clipboardData: data})',
    ],
)
def test_a_photo_is_dropped_or_pasted(client, page, event):
    page.goto(client.address)
    page.evaluate(f"async () => {{ {FILE} document.dispatchEvent({event}); }}")
    wait_for_after(page, width=30)


def test_a_sample_on_a_phone_with_the_keyboard(client, open_page):
    page = open_page(**PHONE, color_scheme="dark")
    page.goto(client.address)
    assert page.is_visible("label:has(#camera)")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert page.get_attribute("#camera", "capture") == "environment"
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.focus("#samples button >> nth=0")
    page.keyboard.press("Enter")
    wait_for_text(page, "#status", "In color")
    wait_until(page, lambda: page.evaluate("document.getElementById('after').naturalWidth") > 0)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("#download").bounding_box()["y"] > 0, "back from the samples"
    # The picture stays in view while one adjusts, and covers what goes by beside it.
    page.evaluate("document.getElementById('vividness').scrollIntoView({block: 'center'})")
    in_view = page.locator("#before-after").bounding_box()
    assert in_view["y"] >= 0 and in_view["height"] > 100
    assert page.locator("#vividness").bounding_box()["y"] > in_view["y"] + in_view["height"]
    assert (
        page.locator("#vividness").bounding_box()["y"] < page.locator("#drop").bounding_box()["y"]
    )
    for target in page.locator("button:visible:not(#pointer), .button:visible").all():
        assert target.bounding_box()["height"] >= 36, "large enough for a thumb"


def test_screen_reader_announcements(client, page):
    page.goto(client.address)
    page.set_input_files("#photo", photo())
    wait_for_after(page, width=120)
    names = page.locator("body").aria_snapshot()
    for told in (
        'heading "Colorway" [level=1]',
        'slider "Slide between before and after"',
        'slider "Vividness',
        'button "Choose photos"',
        'button "Try an astronaut"',
        'button "Download"',
        'img "The finished picture"',
    ):
        assert told in names, names
    assert page.get_attribute("#status", "role") == "status"
    assert page.get_attribute("#error", "role") == "alert"
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("img")].filter((each) => !each.hasAttribute("alt"))
            .length"""
    )
    assert unnamed == 0
