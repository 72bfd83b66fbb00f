"""Compare, in a real browser: two versions of a model beside each other, blind."""

import threading

import numpy as np
import pytest

from feedback.receipts import Receipts
from tests.browser import (
    DICE,
    PHONE,
    STANDING,
    TURNED,
    Sent,
    download,
    open_with_photo,
    wait_for_text,
    wait_until,
    without_addresses,
)

from .predictors import answers, versions

pytestmark = [pytest.mark.slow, pytest.mark.long(1)]

KEY = "a secret of the tests"
CANARY = ("color/rule", "color/v2")


@pytest.fixture
def client(start_client, predictor, tmp_path):
    """A client that keeps votes, behind a canary of two versions that answer in turn."""
    predictor.behavior = versions(*CANARY)
    return start_client(feedback_db=f"sqlite:///{tmp_path}/votes.db", secret_key=KEY, report=True)


@pytest.fixture
def page(open_page):
    page = open_page(reduced_motion="reduce")
    page.add_init_script(DICE)
    return page


@pytest.fixture
def sent(page):
    return Sent(page)


def compare(page, dice: int = STANDING, button: str = "#compare") -> None:
    page.evaluate(f"window.dice = {dice}")
    page.click(button)
    wait_until(page, lambda: page.is_visible("#choices") and page.is_enabled("#compare"))


def grays(page) -> list[bool]:
    """Whether each of the two pictures is gray, as all of color/v2's are."""
    colored = page.evaluate(
        """() => [...document.querySelectorAll("#pair img")].map((picture) => {
            const canvas = document.createElement("canvas");
            canvas.width = canvas.height = 8;
            const context = canvas.getContext("2d");
            context.drawImage(picture, 0, 0, 8, 8);
            return [...context.getImageData(0, 0, 8, 8).data];
        })"""
    )
    pixels = [np.array(each).reshape(-1, 4)[:, :3] for each in colored]
    return [bool((np.ptp(each, axis=1) <= 2).all()) for each in pixels]


def models_of(vote: dict) -> list[str]:
    """Whose receipts a choice names, in their order."""
    return [Receipts(KEY).read(receipt).model for receipt in vote["receipts"]]


def shown_models(page) -> list[str]:
    return [each.inner_text() for each in page.locator("#pair .by").all()]


def test_models_are_hidden_before_the_choice(client, page, sent):
    open_with_photo(client, page)
    seen = []
    for dice, order in ((STANDING, [True, False]), (TURNED, [False, True])):
        # The rule has just answered, then v2, then the rule: v2's comes first unless turned.
        compare(page, dice)
        wait_until(page, lambda: page.evaluate("document.querySelector('#pair img').naturalWidth"))
        assert grays(page) == order
        seen.append(without_addresses(page.content()))
        page.click("#leave")
        wait_until(page, lambda: page.is_enabled("#compare"))
    assert seen[0] == seen[1]
    for model in (*CANARY, "rule", "v2"):
        assert model not in seen[0].split("<aside")[0]
    assert sent.all == []


@pytest.mark.parametrize("dice", [STANDING, TURNED])
@pytest.mark.parametrize(
    ("key", "choice"),
    [("ArrowLeft", "first"), ("ArrowRight", "second"), ("b", "both"), ("N", "neither")],
)
def test_choice_by_key_sends_receipts_in_displayed_order(client, page, sent, dice, key, choice):
    open_with_photo(client, page)
    compare(page, dice)
    assert page.evaluate("document.activeElement.id") == "comparison", "keys work at once"
    page.keyboard.press(key)
    page.wait_for_selector("#compare-again:not([hidden])")
    left_to_right = ["color/v2", "color/rule"] if dice == STANDING else list(CANARY)
    (vote,) = sent.all
    assert (vote["choice"], models_of(vote)) == (choice, left_to_right)
    assert shown_models(page) == left_to_right
    assert page.evaluate("document.activeElement.id") == "compare-again"
    verdict = {"both": "Both are good.", "neither": "Neither is good."}.get(
        choice, f"You like {left_to_right[choice == 'second']} better."
    )
    assert page.inner_text("#question") == verdict
    status = page.text_content("#status")
    assert f"Left: {left_to_right[0]}. Right: {left_to_right[1]}." in status
    (pair,) = client.get("/report?format=json").json()["pairs"]
    assert pair["choices"] + pair["both"] + pair["neither"] == 1


def test_buttons_then_compare_again_then_use_this_one(client, page, sent, tmp_path):
    open_with_photo(client, page)
    compare(page)
    shown = [each.bounding_box() for each in page.locator("#pair .picture").all()]
    assert shown[0]["width"] == shown[1]["width"] and shown[0]["height"] == shown[1]["height"]
    assert shown[0]["y"] == shown[1]["y"]
    page.click("#choices [value=second]")
    page.wait_for_selector("#compare-again:not([hidden])")
    compare(page, button="#compare-again")
    assert shown_models(page) == ["", ""]
    page.click("#choices [value=both]")
    page.wait_for_selector("#compare-again:not([hidden])")
    assert len({receipt for vote in sent.all for receipt in vote["receipts"]}) == 4
    gray = shown_models(page).index("color/v2")
    page.click(f"#pair figure:nth-of-type({gray + 1}) .use")
    page.wait_for_selector("#before-after:not([hidden])")
    page.click("#made summary")
    assert "by color/v2" in page.inner_text("#made") and page.is_hidden("#comparison")
    kept = np.asarray(download(page, tmp_path / "kept.png").convert("RGB")).astype(int)
    assert np.ptp(kept, axis=2).max() <= 1


def test_click_zooms_both_pictures(client, page):
    open_with_photo(client, page, size=(600, 400))
    compare(page)
    for at in ({"x": 30, "y": 20}, {"x": 200, "y": 90}):
        page.click("#pair .picture >> nth=0", position=at)
        near = page.evaluate(
            """() => [...document.querySelectorAll("#pair img")].map((picture) => {
                const style = getComputedStyle(picture);
                return [style.transform, style.transformOrigin];
            })"""
        )
        assert near[0] == near[1]
        assert (near[0][0] != "matrix(1, 0, 0, 1, 0, 0)") == (at["x"] == 30)


def test_only_one_version(client, predictor, page, sent):
    predictor.behavior = versions("color/rule")
    open_with_photo(client, page)
    page.click("#compare")
    wait_for_text(page, "#status", "Only one version answers here, color/rule")
    assert page.is_visible("#status") and page.is_hidden("#error")
    assert len(predictor.seen) == 1 + 8
    assert page.is_visible("#before-after") and sent.all == []
    wait_until(page, lambda: page.is_enabled("#compare"))  # one may ask again later
    assert page.evaluate("document.activeElement.id") == "compare"


def test_a_model_without_a_name_is_asked_once(client, predictor, page):
    predictor.behavior = versions("")
    open_with_photo(client, page)
    page.click("#compare")
    wait_for_text(page, "#status", "does not say which version it is")
    assert len(predictor.seen) == 1 + 1


def test_progress_and_cancel(client, predictor, page):
    open_with_photo(client, page)
    held = threading.Event()
    one = versions("color/rule")

    def behave(handler, request):
        if len(predictor.seen) == 4:
            held.wait(60)
        one(handler, request)

    predictor.behavior = behave
    page.click("#compare")
    wait_for_text(page, "#status", "Asking for another version: try 3 of 8")
    assert page.is_visible("#progress") and page.input_value("#vividness") == "1"
    assert page.evaluate("document.getElementById('progress').value") == 0.25
    page.click("#cancel")
    held.set()
    wait_for_text(page, "#status", "Canceled.")
    assert page.is_visible("#before-after") and page.is_enabled("#compare")
    assert page.is_hidden("#comparison") and page.is_hidden("#error")


def test_the_photo_cannot_be_made_twice(client, predictor, page):
    """A failure while two are asked for: the picture stays, and the same is tried again."""
    open_with_photo(client, page)
    predictor.behavior = answers(503, b"no healthy upstream", "text/plain")
    page.click("#compare")
    page.wait_for_selector("#error:not([hidden])")
    assert page.is_visible("#before-after")
    predictor.behavior = versions(*CANARY)
    page.click("#retry")
    page.wait_for_selector("#choices:not([hidden])")


@pytest.mark.parametrize("failure", [503, 429, "offline"])
def test_failed_choice_can_be_retried(client, page, sent, failure):
    open_with_photo(client, page)
    compare(page)

    def fail(route):
        if failure == "offline":
            return route.abort()
        return route.fulfill(status=failure, json={"status": failure, "detail": "No."})

    page.route("**/feedback", fail)
    page.click("#choices [value=first]")
    page.wait_for_selector("#error:not([hidden])")
    assert page.inner_text("#error p").startswith("Not counted yet: ")
    assert page.get_attribute("#choices [value=first]", "aria-pressed") == "true"
    assert shown_models(page) == ["", ""], "still blind"
    page.unroute("**/feedback")
    page.click("#retry")
    page.wait_for_selector("#compare-again:not([hidden])")
    assert page.is_hidden("#error") and "Thank you" in page.inner_text("#about-choice")
    assert sent.all[0] == sent.all[1] and len(sent.all) == 2


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [(409, "receipt-used", "you judged this before"), (410, "receipt-old", "too long ago")],
)
def test_rejected_choice_shows_the_error_without_retry(client, page, status, code, words):
    open_with_photo(client, page)
    compare(page)
    problem = {"status": status, "code": code, "detail": "There is one already."}
    page.route("**/feedback", lambda route: route.fulfill(status=status, json=problem))
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#compare-again:not([hidden])")
    assert words in page.inner_text("#about-choice") and page.is_hidden("#error")
    assert "" not in shown_models(page)


def test_comparison_works_without_feedback(start_client, predictor, page, sent):
    predictor.behavior = versions(*CANARY)
    open_with_photo(start_client(), page)
    assert page.is_hidden("#thumbs")
    compare(page)
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#compare-again:not([hidden])")
    assert shown_models(page) == ["color/v2", "color/rule"] and sent.all == []


@pytest.mark.parametrize("size", [(120, 80), (80, 120)])
def test_both_pictures_and_choices_fit_on_a_phone(client, open_page, size):
    page = open_page(**PHONE, reduced_motion="reduce")
    page.add_init_script(DICE)
    open_with_photo(client, page, size)
    compare(page)
    names = {"Upper", "Lower"} if size == (120, 80) else {"Left", "Right"}
    wait_until(page, lambda: page.inner_text("#choices [value=first]") in names)
    assert page.inner_text("#choices [value=second]") in names
    for each in page.locator("#pair .picture, #choices button").all():
        box = each.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= PHONE["viewport"]["height"]
        assert box["height"] >= 36
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    one, other = (each.bounding_box() for each in page.locator("#pair .picture").all())
    assert one["width"] == other["width"] and one["width"] >= 150
    assert (one["x"] == other["x"]) == ("Upper" in names)
    page.tap("#choices [value=first]")
    page.wait_for_selector("#compare-again:not([hidden])")
