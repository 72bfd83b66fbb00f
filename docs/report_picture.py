"""Take the screenshot of a report, docs/report.png, in this machine's Chromium. The report is of
300 random choices, 65:35.

  .venv/bin/python docs/report_picture.py
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from colorway import run
from feedback.formats import as_html
from feedback.receipts import Receipts
from feedback.report import report
from feedback.vote import read_vote
from feedback.votes import Votes

DOCS = Path(__file__).resolve().parent
MODELS = "color/v1", "color/v2"
CHOICES, PREFERENCE, TIES = 300, 0.65, 0.08


def main() -> None:
    """Vote, and take the screenshot of the report."""
    parser = argparse.ArgumentParser(
        usage=argparse.SUPPRESS,
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()
    lot, receipts = random.Random(5), Receipts("any")
    with tempfile.TemporaryDirectory() as folder:
        votes = Votes(f"sqlite:///{folder}/votes.db")
        for number in range(CHOICES):
            photo = f"photo {number % 80}".encode()
            both = [
                receipts.issue(photo, request_id="any", route="color", model=model, options={})
                for model in MODELS
            ]
            choice = "second" if lot.random() < PREFERENCE else "first"
            if lot.random() < TIES:
                choice = lot.choice(["both", "neither"])
            votes.keep(read_vote({"receipts": both, "choice": choice}, receipts.read))
            rating = {"receipt": both[number % 2], "rating": int(lot.random() < 0.7)}
            votes.keep(read_vote(rating, receipts.read))
        page = as_html(report(votes.read()))
        votes.close()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": 760, "height": 680})
        shown.set_content(page)
        shown.screenshot(path=DOCS / "report.png")
        browser.close()


if __name__ == "__main__":
    sys.exit(run(main))
