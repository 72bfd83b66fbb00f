"""The full size, in a real browser: fitted first, nearer by wheel and pinch, and moved."""

import pytest

from tests.browser import PHONE, photo, wait_for_after, wait_until

pytestmark = pytest.mark.slow

SIZE = (1500, 1000)


def shown(page) -> dict:
    return page.locator("#full-picture").bounding_box()


def open_full(client, page) -> dict:
    page.goto(client.address)
    page.set_input_files("#photo", photo(size=SIZE))
    wait_for_after(page, SIZE[0])
    page.click("#open-full")
    frame = page.locator("#full-frame").bounding_box()
    wait_until(page, lambda: 0 < shown(page)["width"] <= frame["width"])
    return frame


def share(box: dict, x: float, y: float) -> tuple[float, float]:
    """The place of the picture that is at (x, y) of the window."""
    return (x - box["x"]) / box["width"], (y - box["y"]) / box["height"]


def test_wheel_zooms_at_the_cursor_and_drag_pans(client, open_page):
    page = open_page(reduced_motion="reduce")
    frame = open_full(client, page)
    x, y = frame["x"] + 0.6 * frame["width"], frame["y"] + 0.5 * frame["height"]
    fitted = shown(page)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -600)
    wait_until(page, lambda: shown(page)["width"] > 1.5 * fitted["width"])
    near = shown(page)
    assert share(near, x, y) == pytest.approx(share(fitted, x, y), abs=0.01)
    page.mouse.down()
    page.mouse.move(x - 50, y - 20)
    page.mouse.up()
    assert shown(page)["x"] == pytest.approx(near["x"] - 50, abs=1)
    page.keyboard.press("0")
    wait_until(page, lambda: shown(page)["width"] == pytest.approx(fitted["width"], abs=1))


def test_two_fingers_on_a_phone(client, open_page):
    page = open_page(**PHONE, reduced_motion="reduce")
    frame = open_full(client, page)
    fitted = shown(page)
    middle = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, apart: float) -> None:
        points = [{"x": middle[0] + side * apart / 2, "y": middle[1]} for side in (-1, 1)]
        given = [] if kind == "touchEnd" else points
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": given})

    touch("touchStart", 60)
    for apart in (90, 120, 150, 180):
        touch("touchMove", apart)
    touch("touchEnd", 180)
    wait_until(page, lambda: shown(page)["width"] == pytest.approx(3 * fitted["width"], rel=0.1))
    assert share(shown(page), *middle) == pytest.approx(share(fitted, *middle), abs=0.05)
    for each in page.locator("#full button:visible").all():
        box = each.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360 and box["height"] >= 36
