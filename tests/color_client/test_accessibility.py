"""axe-core finds no fault on the page in any state, on a desk and on a phone."""

import pytest

from tests.browser import assert_accessible, on_each_screen, photo, wait_for_after

from .predictors import answers, versions

pytestmark = pytest.mark.slow


@on_each_screen
def test_no_fault_in_any_state(start_client, predictor, open_page, tmp_path, screen):
    predictor.behavior = versions("color/v1", "color/v2")
    client = start_client(feedback_db=f"sqlite:///{tmp_path}/votes.db")
    page = open_page(**screen, reduced_motion="reduce")
    with assert_accessible(page) as look:
        page.goto(client.address)
        look("landing")
        page.set_input_files("#photo", [photo(size=(600, 400)), photo("JPEG")])
        wait_for_after(page, width=600)
        look("result")
        page.click("#made summary")
        page.click("#thumbs [value='1']")
        page.wait_for_selector("#thumbs [aria-pressed=true]")
        look("thumb")
        page.focus("#pointer")
        page.keyboard.press("Enter")
        page.wait_for_selector("#palette[open]")
        look("palette")
        page.keyboard.press("Escape")
        page.click("#open-full")
        page.wait_for_selector("#full[open]")
        look("full size")
        page.keyboard.press("Escape")
        page.click("#compare")
        page.wait_for_selector("#choices:not([hidden])")
        look("comparison")
        page.click("#choices [value=first]")
        page.wait_for_selector("#compare-again:not([hidden])")
        look("after the choice")
        page.click("#leave")
        predictor.behavior = answers(503, b"no healthy upstream", "text/plain")
        page.click("#compare")
        page.wait_for_selector("#error:not([hidden])")
        look("error")
