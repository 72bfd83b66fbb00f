"""axe-core finds no fault on what the style client's page has of its own."""

import pytest

from tests.browser import accessibility_faults
from tests.color_client.test_accessibility import DARK_PHONE, DESK
from tests.color_client.test_page_in_a_browser import wait_for_text, wait_until

from .test_page_in_a_browser import OWN, PHOTO, upload

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("screen", [DESK, DARK_PHONE], ids=["desk", "phone"])
def test_no_fault_in_any_state(start_client, open_page, tmp_path, screen):
    client = start_client(feedback_db=f"sqlite:///{tmp_path}/votes.db")
    page = open_page(**screen, reduced_motion="reduce")
    faults = {}

    def look(state: str) -> None:
        wait_until(page, lambda: page.is_hidden("#progress"))
        faults[state] = accessibility_faults(page)

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
    page.set_input_files("#photo", {"name": "a.pdf", "mimeType": "image/x", "buffer": b"%PDF-1"})
    page.wait_for_selector("#error:not([hidden])")
    look("error")
    assert {state: found for state, found in faults.items() if found} == {}
