"""What tests of the pages in a browser share."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Request

from tests.color_client.pictures import file_of, opened, scene

PHONE = {
    "viewport": {"width": 360, "height": 780},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
DESK = {"viewport": {"width": 1200, "height": 800}, "color_scheme": "light"}
DARK_PHONE = {**PHONE, "color_scheme": "dark"}
on_each_screen = pytest.mark.parametrize("screen", [DESK, DARK_PHONE], ids=["desk", "phone"])

# By this, crypto.getRandomValues gives what a test wants: which of two answers comes first.
DICE = """
    window.dice = 0;
    crypto.getRandomValues = (bytes) => bytes.fill(window.dice);
"""
STANDING, TURNED = 0, 255

# Rules that axe-core leaves out unless they are asked for.
ALSO = ("label-content-name-mismatch", "target-size")


def photo(kind: str = "PNG", size: tuple[int, int] = (120, 80)) -> dict:
    name, media_type = f"old photo.{kind.lower()}", f"image/{kind.lower()}"
    return {"name": name, "mimeType": media_type, "buffer": file_of(scene(*size, 1, "L"), kind)}


def wait_until(page, true) -> None:
    """Playwright's own waiting evaluates text as code in the page, which the page's
    Content-Security-Policy forbids.
    """
    deadline = time.monotonic() + 40
    while not true():
        assert time.monotonic() < deadline, page.inner_text("body")
        page.wait_for_timeout(50)


def wait_for_after(page, width: int) -> None:
    """Until the finished picture is shown."""
    wait_until(
        page, lambda: page.evaluate("document.getElementById('after').naturalWidth") == width
    )


def wait_for_text(page, selector: str, text: str) -> None:
    """Until that text is in the element, visible or not."""
    wait_until(page, lambda: text in page.text_content(selector))


def download(page, path: Path) -> Image.Image:
    """What the download button gives."""
    with page.expect_download() as download:
        page.click("#download")
    download.value.save_as(path)
    return opened(path.read_bytes())


def open_with_photo(client, page, size: tuple[int, int] = (120, 80)) -> None:
    """The client's page, with the finished picture of a photo."""
    page.goto(client.address)
    page.set_input_files("#photo", photo(size=size))
    wait_for_after(page, width=size[0])
    wait_until(page, lambda: page.is_enabled("#compare"))


class Sent:
    """What the page posts to /feedback, in order; nothing else may post there."""

    def __init__(self, page: Page):
        self.all: list[dict] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.url.endswith("/feedback"):
            assert request.method == "POST"
            self.all.append(json.loads(request.post_data or ""))


def without_addresses(html: str) -> str:
    """A page's text but for the random addresses of pictures that are in memory."""
    return re.sub(r"blob:[^\"]+", "blob:", html)


@cache
def _axe():
    from axe_playwright_python.sync_playwright import Axe

    return Axe()


def _violations(page: Page) -> list[str]:
    """What axe-core finds on the page as it stands, one line a fault."""
    options = {"rules": {rule: {"enabled": True} for rule in ALSO}}
    found = _axe().run(page, options=options).response
    assert len(found["passes"]) > 10, "it looked"
    return [
        f"{fault['id']}: {node['html']}" for fault in found["violations"] for node in fault["nodes"]
    ]


@contextmanager
def assert_accessible(page: Page) -> Iterator[Callable[[str], None]]:
    """Gives what looks at the page in a state, once it is at rest; in the end axe-core has found
    no fault in any of them.
    """
    faults = {}

    def look(state: str) -> None:
        wait_until(page, lambda: page.is_hidden("#progress"))
        faults[state] = _violations(page)

    yield look
    assert {state: found for state, found in faults.items() if found} == {}
