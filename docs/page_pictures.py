"""Take the screenshots of the pages, docs/page-*.png, in this machine's Chromium.

  .venv/bin/python -m local up deploy/color-model.yaml deploy/style-model.yaml \\
      deploy/color-canary-serving.yaml deploy/color-style-ab-serving.yaml    in one terminal
  .venv/bin/python docs/page_pictures.py [COLOR_ADDRESS [STYLE_ADDRESS]]     in another
"""

import argparse
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from colorway import run

DOCS = Path(__file__).resolve().parent
DESKTOP: dict[str, Any] = {"viewport": {"width": 980, "height": 680}, "color_scheme": "light"}
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "color_scheme": "dark",
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 1.5,
}
TALL_PHONE = {**PHONE, "viewport": {"width": 360, "height": 780}}
# Palettes to try, the largest first, until the file is small enough.
COLORS = (256, 192, 160, 128, 96)
MAX_BYTES = 150_000


def wait_until_finished(page: Any) -> bool:
    """Wait until the picture is there, or what went wrong; whether it is the picture."""
    deadline = time.monotonic() + 60
    while page.is_hidden("#error"):
        if page.inner_text("#made") and page.is_hidden("#progress"):
            page.wait_for_timeout(1500)  # the line glides to the middle
            return True
        assert time.monotonic() < deadline, page.inner_text("body")
        page.wait_for_timeout(100)
    return False


def color_page(page: Any) -> None:
    """A sample, colored by the second of the two versions."""
    page.click("[data-sample*=admiral]")
    assert wait_until_finished(page), page.inner_text("#error")
    while "color/v2" not in page.text_content("#made"):
        page.dispatch_event("#vividness", "change")
        assert wait_until_finished(page), page.inner_text("#error")


def phone_page(page: Any) -> None:
    """A sample that lies flat."""
    page.click("[data-sample*=coffee]")
    assert wait_until_finished(page), page.inner_text("#error")


def comparison_page(page: Any) -> None:
    """A sample as two models make it, before the choice."""
    phone_page(page)
    page.click("#compare")
    while page.is_hidden("#choices"):
        if page.is_visible("#retry"):
            page.click("#retry")
        page.wait_for_timeout(200)
    page.wait_for_timeout(500)


def style_page(page: Any) -> None:
    """A sample, painted; where no style model is behind the URL, colored."""
    page.click("#styles .tile:has([value*=waves])")
    page.click("[data-sample*=dandelion]")
    if not wait_until_finished(page):
        page.click("#styles .tile:has([value=''])")
        assert wait_until_finished(page), page.inner_text("#error")


def quantized(picture: Image.Image) -> bytes:
    """A PNG file of the picture, of less than MOST_BYTES where a palette can do that."""
    for colors in COLORS:
        file = io.BytesIO()
        picture.quantize(colors, kmeans=2, dither=Image.Dither.NONE).save(
            file, "PNG", optimize=True
        )
        if file.tell() < MAX_BYTES:
            break
    return file.getvalue()


def main() -> None:
    """Take all of them."""
    parser = argparse.ArgumentParser(
        usage=argparse.SUPPRESS,
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, port in (("color", 3333), ("style", 3334)):
        default = f"http://localhost:{port}"
        parser.add_argument(
            name,
            nargs="?",
            default=default,
            metavar=f"{name.upper()}_ADDRESS",
            help="(default: %(default)s)",
        )
    options = parser.parse_args()
    wanted: list[tuple[str, str, dict[str, Any], Callable[[Any], None]]] = [
        ("color", options.color, DESKTOP, color_page),
        ("phone", options.color, PHONE, phone_page),
        ("style", options.style, DESKTOP, style_page),
        ("compare", options.color, DESKTOP, comparison_page),
        ("compare-phone", options.style, TALL_PHONE, comparison_page),
    ]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, address, context, steps in wanted:
            page = browser.new_context(**context).new_page()
            page.set_default_timeout(120_000)
            page.goto(address)
            steps(page)
            page.mouse.move(0, 0)
            page.evaluate("scrollTo(0, 0)")
            taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            (DOCS / f"page-{name}.png").write_bytes(quantized(taken))
        browser.close()


if __name__ == "__main__":
    sys.exit(run(main))
