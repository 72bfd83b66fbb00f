"""A wrong color is put right by pointing at it, in a real browser."""

import json

import pytest

from tests.browser import PHONE, open_with_photo, photo, wait_for_after, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.long(1)]


@pytest.fixture
def page(open_page):
    """Without motion: else the slider's line may glide under the click."""
    return open_page(reduced_motion="reduce")


# What the page sends as `hints`, request by request; Playwright does not show forms with files.
RECORD = """
    window.recorded = [];
    const send = XMLHttpRequest.prototype.send;
    XMLHttpRequest.prototype.send = function (form) {
      window.recorded.push(form.get("hints"));
      return send.call(this, form);
    };
"""


class RecordedRequests:
    """The hints of every request for a picture, in order; None where there were none."""

    def __init__(self, page):
        self.page = page
        page.add_init_script(RECORD)

    def all(self) -> list:
        return [text and json.loads(text) for text in self.page.evaluate("window.recorded")]

    def __len__(self) -> int:
        return len(self.all())

    def __getitem__(self, index: int):
        return self.all()[index]


@pytest.fixture
def recorded(page):
    return RecordedRequests(page)


def point_at(page, x: float, y: float) -> None:
    box = page.locator("#before-after").bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.wait_for_selector("#palette[open]")


def settled(page, recorded: RecordedRequests, requests: int) -> None:
    wait_until(page, lambda: len(recorded) == requests and page.is_enabled("#compare"))


def test_three_hints_undo_redo_and_curl_command(client, predictor, page, recorded):
    open_with_photo(client, page)
    point_at(page, 0.25, 0.75)
    page.click("#swatches [title=navy]")
    settled(page, recorded, 2)
    (hint,) = recorded[1]
    assert hint["color"] == "#27406e"
    assert abs(hint["x"] - 0.25) < 0.01 and abs(hint["y"] - 0.75) < 0.01
    # The network was asked once: its answer for this photo is remembered.
    assert len(predictor.seen) == 1
    assert page.locator(".dot").count() == 1

    point_at(page, 0.8, 0.2)
    page.click("#palette [value=keep]")
    settled(page, recorded, 3)
    assert recorded[2][1].get("keep") is True and "color" not in recorded[2][1]

    page.keyboard.press("Control+z")
    settled(page, recorded, 4)
    assert len(recorded[3]) == 1 and page.locator(".dot").count() == 1
    page.click("#redo")
    settled(page, recorded, 5)
    assert recorded[4] == recorded[2]

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#copy-curl")
    wait_until(page, lambda: page.is_enabled("#copy-curl"))
    command = page.evaluate("navigator.clipboard.readText()")
    assert command.startswith("curl -F content_image=@'old photo.png'")
    assert json.dumps(recorded[4], separators=(",", ":")) in command
    assert f"{client.address}/predict" in command

    # They survive a change of vividness; clearing them is sent, too.
    page.fill("#vividness", "1.5")
    settled(page, recorded, 6)
    assert recorded[5] == recorded[2]
    page.click("#clear-hints")
    settled(page, recorded, 7)
    assert recorded[6] == []


def test_a_dot_is_dragged_changed_and_removed(client, page, recorded):
    open_with_photo(client, page, size=(600, 400))
    box = page.locator("#before-after").bounding_box()
    point_at(page, 0.25, 0.5)
    page.click("#swatches [title=brick]")
    settled(page, recorded, 2)
    dot = page.locator(".dot").bounding_box()
    page.mouse.move(dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.3 * box["height"], steps=4)
    page.mouse.up()
    settled(page, recorded, 3)
    (moved,) = recorded[2]
    assert abs(moved["x"] - 0.6) < 0.02 and abs(moved["y"] - 0.3) < 0.02
    assert moved["color"] == recorded[1][0]["color"]

    page.locator(".dot").click()
    page.wait_for_selector("#palette[open]")
    page.fill("#any-color", "#336699")
    settled(page, recorded, 4)
    assert recorded[3][0]["color"] == "#336699"

    page.locator(".dot").click()
    page.click("#remove-hint")
    settled(page, recorded, 5)
    assert recorded[4] == [] and page.locator(".dot").count() == 0


def test_by_keyboard_alone(client, page, recorded):
    open_with_photo(client, page)
    page.focus("#pointer")
    for key in ("Shift+ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    assert "40 % from the left, 49 % from the top" in page.get_attribute("#pointer", "aria-label")
    page.keyboard.press("Enter")
    page.wait_for_selector("#palette[open]")
    page.keyboard.press("Escape")
    assert page.is_hidden("#palette") and len(recorded) == 1
    page.keyboard.press("Enter")
    page.wait_for_selector("#palette[open]")
    page.focus("#swatches [title=ochre]")
    page.keyboard.press("Enter")
    settled(page, recorded, 2)
    (hint,) = recorded[1]
    assert abs(hint["x"] - 0.4) < 0.001 and abs(hint["y"] - 0.49) < 0.001
    page.focus(".dot")
    page.keyboard.press("Delete")
    settled(page, recorded, 3)
    assert recorded[2] == []


def test_full_size_is_in_the_palette_and_another_photo_has_no_hints(client, page, recorded):
    open_with_photo(client, page)
    point_at(page, 0.7, 0.3)
    page.click("#palette [value='full size']")
    page.wait_for_selector("#full[open]")
    page.click("#close-full")
    wait_until(page, lambda: page.is_hidden("#full"))
    point_at(page, 0.25, 0.3)
    page.click("#swatches [title=red]")
    settled(page, recorded, 2)
    page.set_input_files("#photo", photo(size=(90, 60)))
    wait_for_after(page, width=90)
    assert recorded[-1] is None and page.locator(".dot").count() == 0


def test_on_a_phone_the_palette_is_all_in_view(client, open_page):
    # Else the line glides under the finger.
    page = open_page(**PHONE, reduced_motion="reduce")
    open_with_photo(client, page, size=(300, 400))
    box = page.locator("#before-after").bounding_box()
    page.locator("#before-after").tap(
        position={"x": 0.9 * box["width"], "y": 0.9 * box["height"]}, force=True
    )
    page.wait_for_selector("#palette[open]")
    palette = page.locator("#palette").bounding_box()
    assert palette["x"] >= 0 and palette["x"] + palette["width"] <= 360
    assert palette["y"] >= 0 and palette["y"] + palette["height"] <= 780
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
