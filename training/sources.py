"""Where training data comes from: folders and files stay where they are, URLs are downloaded."""

from collections.abc import Sequence
from pathlib import Path

from training import download
from training.progress import Progress


def fetch(sources: Sequence[str], cache: Path) -> list[Path]:
    """Local paths of `sources`. Raises DataError where one cannot be downloaded."""
    return [
        download.fetch(source, cache / "downloads", None, Progress(f"download {source}", "bytes"))
        if download.is_url(source)
        else Path(source)
        for source in sources
    ]


def name(source: str) -> str:
    """What to call a source in a record that travels: a URL, or a path's last part."""
    return source if download.is_url(source) else Path(source).name
