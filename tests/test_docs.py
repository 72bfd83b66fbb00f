"""What the docs say is what the programs say."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("models/**/*.md")]


def test_settings_of_the_color_client_are_the_ones_in_the_docs():
    from color_client.settings import markdown_table

    text = (ROOT / "docs" / "client.md").read_text()
    block = re.search(r"<!-- settings -->\n(.*)<!-- /settings -->", text, re.S)
    assert block[1] == markdown_table()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    local = [target for target in targets if "://" not in target]
    assert not [target for target in local if not (page.parent / target).exists()]
