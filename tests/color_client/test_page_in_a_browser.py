"""The page in a real browser: choose a photo, see it before and after, read errors in words."""

import time
from pathlib import Path

import pytest

from .pictures import file_of, luminance_error, opened, scene
from .predictors import answers

pytestmark = pytest.mark.slow

BROWSER = Path("/usr/bin/chromium")


@pytest.fixture
def page():
    playwright = pytest.importorskip("playwright.sync_api")
    if not BROWSER.exists():
        pytest.skip("no Chromium here")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(BROWSER), args=["--no-sandbox"])
        page = browser.new_page()
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        yield page
        browser.close()
    assert page.complaints == []


def photo(kind: str = "PNG") -> dict:
    name, media_type = f"old photo.{kind.lower()}", f"image/{kind.lower()}"
    return {"name": name, "mimeType": media_type, "buffer": file_of(scene(120, 80, 1, "L"), kind)}


def wait_for_after(page, width: int) -> None:
    """Until the colored picture is shown. Playwright's own waiting evaluates text as code in the
    page, which the page's Content-Security-Policy forbids.
    """
    deadline = time.monotonic() + 20
    while page.evaluate("document.getElementById('after').naturalWidth") != width:
        assert time.monotonic() < deadline, "the colored picture does not appear"
        page.wait_for_timeout(50)


def test_before_and_after(client, page, tmp_path):
    page.goto(client.address)
    page.set_input_files("#photo", photo())
    page.wait_for_selector("#result:not([hidden])")
    wait_for_after(page, width=120)
    assert page.evaluate("document.getElementById('before').naturalHeight") == 80
    assert "Done in" in page.inner_text("#status")
    assert "by color/rule" in page.inner_text("figcaption:has(#model)")
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename == "old photo-color.png"
    saved = tmp_path / "saved.png"
    download.value.save_as(saved)
    assert luminance_error(scene(120, 80, 1, "L"), opened(saved.read_bytes())) <= 1


def test_what_the_browser_cannot_show_is_colored_all_the_same(client, page):
    page.goto(client.address)
    page.set_input_files("#photo", photo("TIFF"))
    wait_for_after(page, width=120)
    page.wait_for_selector("figure:has(#before)", state="hidden")


def test_errors_in_words_and_the_same_photo_again(client, predictor, page):
    page.goto(client.address)
    predictor.behavior = answers(503, b"no healthy upstream", "text/plain")
    page.set_input_files("#photo", photo())
    page.wait_for_selector("#error:not([hidden])")
    assert "Try again soon" in page.inner_text("#error")
    assert page.is_hidden("#result")
    predictor.behavior = None
    with page.expect_file_chooser() as chooser:
        page.click("#photo")
    chooser.value.set_files(photo())
    page.wait_for_selector("#result:not([hidden])")
    assert page.is_hidden("#error")


def test_a_photo_is_dropped(client, page):
    page.goto(client.address)
    page.evaluate(
        """async () => {
            const canvas = document.createElement("canvas");
            canvas.width = 30; canvas.height = 20;
            const blob = await new Promise((done) => canvas.toBlob(done));
            const dropped = new DataTransfer();
            dropped.items.add(new File([blob], "dropped.png", {type: "image/png"}));
            document.dispatchEvent(new DragEvent("drop", {dataTransfer: dropped}));
        }"""
    )
    wait_for_after(page, width=30)
