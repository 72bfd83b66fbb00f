"""Training data from a URL: downloaded once, checked, kept."""

import hashlib
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from training.photos.sources import DataError
from training.program.files import write_then_rename
from training.program.progress import Progress

CHUNK = 1 << 20
TIMEOUT_S = 60  # without a single byte


def is_url(source: str) -> bool:
    """Whether `source` is something to download rather than a path."""
    return urllib.parse.urlsplit(source).scheme in ("http", "https", "file")


def record_name(source: str) -> str:
    """`source` as the record of a run names it: without its folder, since the record travels with
    the model.
    """
    return source if is_url(source) else Path(source).name


def fetch(
    url: str,
    folder: Path,
    sha256: str | None = None,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> Path:
    """The file behind an http(s) or file URL, in `folder`; downloaded unless it is there already.

    `sha256` (hexadecimal) must be that of the content. `progress` gets the bytes so far and in
    all (None: the server does not say). Raises DataError; no half file is left.
    """
    # One name for one URL, readable and unique.
    name = Path(urllib.parse.unquote(urllib.parse.urlsplit(url).path)).name or "data"
    path = folder / f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{name}"
    if not path.exists():
        try:
            _download(url, path, progress)
        except Exception as error:  # urllib's, and whatever HTTP below it raises
            raise DataError(f"cannot download {url}: {getattr(error, 'reason', error)}") from error
    if sha256 and (found := _digest(path)) != sha256.lower():
        path.unlink()
        raise DataError(f"{url} has SHA-256 {found}, expected {sha256.lower()}")
    return path


def fetch_all(sources: Sequence[str], sha256: Sequence[str], cache: Path) -> list[Path]:
    """Local paths of `sources`, URLs downloaded."""
    sums = iter(sha256)
    return [
        fetch(
            source, cache / "downloads", next(sums, None), Progress(f"download {source}", "bytes")
        )
        if is_url(source)
        else Path(source)
        for source in sources
    ]


def _download(url: str, path: Path, progress: Callable[[int, int | None], None]) -> None:
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as reply:
        total = int(reply.headers["Content-Length"]) if reply.headers["Content-Length"] else None
        done = 0
        with write_then_rename(path) as scratch:
            with scratch.open("wb") as file:
                while chunk := reply.read(CHUNK):
                    file.write(chunk)
                    done += len(chunk)
                    progress(done, total)
            if total is not None and done != total:
                raise OSError(f"the connection ended after {done} of {total} bytes")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
