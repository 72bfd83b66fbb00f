"""axe-core finds no fault on what the style client's page has of its own."""

import pytest

from tests.browser import assert_accessible, on_each_screen, wait_for_text

from .test_page_in_a_browser import OWN, PHOTO, upload

pytestmark = pytest.mark.slow


@on_each_screen
def test_no_fault_in_any_state(start_client, open_page, tmp_path, screen):
    client = start_client(feedback_db=f"sqlite:///{tmp_path}/votes.db")
    page = open_page(**screen, reduced_motion="reduce")
    with assert_accessible(page) as look:
        page.goto(client.address)
        look("landing")
        page.set_input_files("#style-file", OWN)
        page.set_input_files("#photo", upload("photo.png", PHOTO))
        wait_for_text(page, "#made", "by style/rule")
        look("result")
        page.click("#open-full")
        page.wait_for_selector("#full[open]")
        look("full size")
        page.keyboard.press("Escape")
        page.click("#compare")
        page.wait_for_selector("#choices:not([hidden])")
        look("comparison")
        page.click("#choices [value=both]")
        page.wait_for_selector("#compare-again:not([hidden])")
        look("after the choice")
        page.set_input_files(
            "#photo", {"name": "a.pdf", "mimeType": "image/x", "buffer": b"%PDF-1"}
        )
        page.wait_for_selector("#error:not([hidden])")
        look("error")
