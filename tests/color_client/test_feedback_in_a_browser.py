"""A thumb for a picture, and what a download tells, in a real browser."""

import pytest

from tests.browser import Sent, download, photo, wait_for_after, wait_for_text, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def client(start_client, tmp_path):
    """A client that keeps votes."""
    return start_client(feedback_db=f"sqlite:///{tmp_path}/votes.db", report=True)


@pytest.fixture
def sent(page):
    return Sent(page)


def with_photo(client, page) -> None:
    page.goto(client.address)
    page.set_input_files("#photo", photo())
    wait_for_after(page, width=120)


def pressed(page) -> list[str]:
    return [each.get_attribute("aria-pressed") for each in page.locator("#thumbs button").all()]


def test_one_rating_per_answer(client, page, sent):
    with_photo(client, page)
    assert sent.all == [], "nothing is said but by the person"
    assert pressed(page) == ["false", "false"]
    page.click("#thumbs [value='1']")
    wait_for_text(page, "#rating-told", "Thank you.")
    assert pressed(page) == ["true", "false"]
    page.click("#thumbs [value='1']")
    assert [vote["rating"] for vote in sent.all] == [1], "said once"

    # Of another mind: the server keeps the first, and that is told.
    page.click("#thumbs [value='0']")
    wait_for_text(page, "#rating-told", "Not counted: you judged this before.")
    assert pressed(page) == ["true", "false"]

    # Another answer has a thumb of its own.
    page.dispatch_event("#vividness", "change")
    wait_until(page, lambda: pressed(page) == ["false", "false"])
    page.click("#thumbs [value='0']")
    wait_until(page, lambda: pressed(page) == ["false", "true"])
    (rated,) = client.get("/report?format=json").json()["ratings"]
    assert (rated["up"], rated["down"]) == (1, 1)


def test_rating_that_fails_to_send(client, page):
    with_photo(client, page)
    page.route("**/feedback", lambda route: route.abort())
    page.click("#thumbs [value='0']")
    wait_for_text(page, "#rating-told", "Not counted yet: the server cannot be reached.")
    assert pressed(page) == ["false", "false"]
    page.unroute("**/feedback")
    page.click("#thumbs [value='0']")
    wait_until(page, lambda: pressed(page) == ["false", "true"])


def test_download_sends_one_vote_silently(client, page, sent, tmp_path):
    with_photo(client, page)
    for _ in range(2):
        download(page, tmp_path / "saved.png")
    wait_until(page, lambda: len(sent.all) == 1)
    assert sent.all[0]["downloaded"] is True
    wait_until(page, lambda: client.get("/report?format=json").json()["downloads"])
    (downloaded,) = client.get("/report?format=json").json()["downloads"]
    assert downloaded["count"] == 1


def test_a_download_does_not_wait_for_votes(client, page, tmp_path):
    with_photo(client, page)
    page.route("**/feedback", lambda route: None)  # an answer never comes
    assert download(page, tmp_path / "saved.png").size == (120, 80)
    wait_until(page, lambda: page.is_enabled("#download"))
    assert page.is_hidden("#error")


def test_nothing_is_kept_in_the_browser(client, page, sent):
    with_photo(client, page)
    page.click("#thumbs [value='1']")
    wait_for_text(page, "#rating-told", "Thank you.")
    kept = page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]")
    assert kept == ["", 0, 0]
    assert page.context.cookies() == []


def test_where_feedback_is_off_there_are_no_thumbs(start_client, page, sent, tmp_path):
    with_photo(start_client(), page)
    assert page.is_hidden("#thumbs")
    download(page, tmp_path / "saved.png")
    assert sent.all == []
