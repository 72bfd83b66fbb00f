"""Compare on the page of the A/B test: color and a style beside each other, blind."""

import pytest

from tests.browser import DICE, STANDING, TURNED, Sent, wait_for_text, wait_until

from .test_page_in_a_browser import PHOTO, upload

pytestmark = pytest.mark.slow


@pytest.fixture
def page(open_page):
    page = open_page(reduced_motion="reduce")
    page.add_init_script(DICE)
    return page


def shown_models(page) -> list[str]:
    return [each.inner_text() for each in page.locator("#pair .by").all()]


def test_color_and_the_chosen_style(start_client, page, tmp_path):
    sent = Sent(page)
    client = start_client(feedback_db=f"sqlite:///{tmp_path}/votes.db", report=True)
    page.goto(client.address)
    page.click("#styles .tile:has([value*=ink])")
    page.set_input_files("#photo", upload("photo.png", PHOTO))
    wait_for_text(page, "#made", "by style/rule")
    for dice, names in (
        (STANDING, ["color/rule", "style/rule"]),
        (TURNED, ["style/rule", "color/rule"]),
    ):
        page.evaluate(f"window.dice = {dice}")
        page.click("#compare" if dice == STANDING else "#compare-again")
        page.wait_for_selector("#choices:not([hidden])")
        wait_until(page, lambda: page.is_enabled("#compare"))
        assert "/rule" not in page.content(), "blind"
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector("#compare-again:not([hidden])")
        assert shown_models(page) == names
        assert "Thank you" in page.inner_text("#about-choice")
    (pair,) = client.get("/report?format=json").json()["pairs"]
    assert pair["choices"] == len(sent.all) == 2 and pair["wins"] == [1, 1]

    # What is used is what the controls say.
    page.click("#pair figure:nth-of-type(2) .use")
    assert page.is_checked("#styles [value='']") and page.is_visible("#vividness")
    wait_for_text(page, "#made", "by color/rule")


def test_color_is_compared_with_the_last_style(client, predictor, page):
    page.goto(client.address)
    page.set_input_files("#photo", upload("photo.png", PHOTO))
    wait_for_text(page, "#made", "by color/rule")
    page.click("#compare")
    page.wait_for_selector("#choices:not([hidden])")
    assert predictor.signatures == ["packed"] * 3, "nothing is asked in vain"
    page.click("#leave")
    assert page.is_visible("#before-after") and page.is_checked("#styles [value='']")
