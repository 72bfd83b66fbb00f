"""Fixtures that several packages' tests share."""

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

# TensorFlow's start-up notes are not test output.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# What a shell starts in the background ignores Ctrl-C, and so would every process that is tested.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
BROWSER = Path("/usr/bin/chromium")


@pytest.hookimpl(trylast=True)  # when those that are not wanted are gone
def pytest_collection_modifyitems(config, items):
    """Where processes share the tests, file by file: the `long` files first, then those of many
    tests. So there are short ones to share at the end, and no process is left alone.
    """
    if hasattr(config, "workerinput"):
        minutes, count = Counter(), Counter()
        for item in items:
            mark = item.get_closest_marker("long")
            minutes[item.path] = max(minutes[item.path], mark.args[0] if mark else 0)
            count[item.path] += 1
        items.sort(key=lambda item: (-minutes[item.path], -count[item.path]))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of research data and the article's pictures, beside the checkout; rarely there."""
    if not SHARED.is_dir():
        pytest.skip("the research data is not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def color_model(tmp_path_factory) -> Path:
    """Base path of a tiny color model, version 1, with both signatures."""
    pytest.importorskip("tensorflow")
    from tests.color_model import write_color_model

    base_path = tmp_path_factory.mktemp("color-model")
    write_color_model(base_path, 1)
    return base_path


@pytest.fixture(scope="session")
def browser():
    """The Chromium of this machine, for all pages of a session."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not BROWSER.exists():
        pytest.skip("no Chromium here")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(BROWSER), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Opens a page of the browser, as a phone or in the dark for instance. No script of it may
    fail, and nothing may be refused by the Content-Security-Policy.
    """
    complaints = []
    contexts = []

    def open_page(**options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(90_000)  # of a machine that is busy with other tests
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text)
                if "Content Security Policy" in message.text else None)  # fmt: skip
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_page):
    return open_page()


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of the tests' own."""
    pytest.importorskip("psycopg")
    from tests.postgres import Postgres, programs

    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL here")
    server = Postgres(found)
    yield server
    server.end()
