"""What tests of the pages in a browser share."""

import json
import re
from functools import cache

from playwright.sync_api import Page, Request

# By this, crypto.getRandomValues gives what a test wants: which of two answers comes first.
DICE = """
    window.dice = 0;
    crypto.getRandomValues = (bytes) => bytes.fill(window.dice);
"""
STANDING, TURNED = 0, 255

# Rules that axe-core leaves out unless they are asked for.
ALSO = ("label-content-name-mismatch", "target-size")


class Sent:
    """What the page posts to /feedback, in order; nothing else may post there."""

    def __init__(self, page: Page):
        self.all: list[dict] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.url.endswith("/feedback"):
            assert request.method == "POST"
            self.all.append(json.loads(request.post_data or ""))


def without_addresses(html: str) -> str:
    """A page's text but for the random addresses of pictures that are in memory."""
    return re.sub(r"blob:[^\"]+", "blob:", html)


@cache
def _axe():
    from axe_playwright_python.sync_playwright import Axe

    return Axe()


def accessibility_faults(page: Page) -> list[str]:
    """What axe-core finds on the page as it stands, one line a fault."""
    options = {"rules": {rule: {"enabled": True} for rule in ALSO}}
    found = _axe().run(page, options=options).response
    assert len(found["passes"]) > 10, "it looked"
    return [
        f"{fault['id']}: {node['html']}" for fault in found["violations"] for node in fault["nodes"]
    ]
