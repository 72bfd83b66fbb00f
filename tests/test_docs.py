"""What the docs say is what the programs say."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("models/**/*.md")]


def block(page: str, name: str) -> str:
    """What stands between `<!-- name -->` and `<!-- /name -->` of a page."""
    text = (ROOT / "docs" / page).read_text()
    return re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.S)[1]


def test_settings_and_options_of_the_color_client_are_the_ones_in_the_docs():
    from color_client import routes
    from color_client.settings import Settings
    from web import options, settings

    assert block("client.md", "settings") == settings.markdown_table(Settings)
    assert block("client.md", "options") == options.markdown_table(routes.OPTIONS)


def test_settings_and_options_of_the_style_client_are_the_ones_in_the_docs():
    from color_client.routes import OPTIONS
    from style_client.routes import style_options
    from style_client.settings import StyleSettings
    from web import options, settings

    assert block("style.md", "settings") == settings.markdown_table(StyleSettings)
    assert block("style.md", "style options") == options.markdown_table(style_options())
    assert block("style.md", "color options") == options.markdown_table(OPTIONS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    local = [target for target in targets if "://" not in target]
    assert not [target for target in local if not (page.parent / target).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_are_named_exist(page):
    folders = "|".join(p.name for p in ROOT.iterdir() if (p / "__init__.py").exists())
    named = re.findall(
        rf"(?<![\w/.-])((?:{folders}|docs|tests|Dockerfiles)/[\w./-]+)", page.read_text()
    )
    paths = {name.rstrip("./") for name in named if "." in name.rpartition("/")[2]}
    assert not {path for path in paths if not (ROOT / path).exists()}
