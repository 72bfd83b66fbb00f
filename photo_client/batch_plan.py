"""Which files are photos, and under which names do their pictures go?"""

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# What is taken for a photo in a folder; a file that is named itself is tried whatever its name.
SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".ppm")
    + (".pgm", ".pbm", ".pnm", ".avif", ".jp2", ".j2k", ".jpc", ".j2c", ".jpf", ".jpx")
    + (".heic", ".heif", ".hif")
)
# Pictures, too, and photographs may be in them: what cannot be read is reported as a failure,
# where silence would lose it. No photos: databases of thumbnails, sidecars, movies, texts.
OTHER_SUFFIXES = frozenset(
    (".heics", ".heifs", ".jxl", ".jxr", ".pam", ".dib", ".mpo", ".tga", ".pcx")
    + (".psd", ".psb", ".xcf", ".pdf", ".djvu", ".exr", ".hdr", ".dng", ".cr2", ".cr3", ".crw")
    + (".nef", ".nrw", ".arw", ".sr2", ".srf", ".orf", ".rw2", ".raf", ".pef", ".srw", ".x3f")
    + (".3fr", ".iiq", ".erf", ".mrw", ".kdc", ".dcr", ".mos", ".mef", ".rwl", ".raw")
)
# Of most file systems, in bytes.
_LONGEST_NAME = 255


class BadPlan(Exception):
    """It cannot be done without losing a picture; the text is for people."""


@dataclass(frozen=True)
class Job:
    """A photo, the PNG file that it becomes, and which page of the photo's file it is."""

    photo: Path
    target: Path
    page: int = 0


def plan(
    paths: Sequence[Path], out: Path, pages: Callable[[Path], int] = lambda photo: 1
) -> list[Job]:
    """A job for each photo: the files given, and those in the folders given, at any depth.

    `a.jpg` becomes `out/a.png`, and a folder keeps its own name and its tree, as with `cp -r`.
    Where a.jpg and a.tif would both become a.png, they become a.jpg.png and a.tif.png; the pages of
    a file that has several, by `pages`, become a-1.png, a-2.png. A name that is too long is cut,
    and told apart by a hash. Raises BadPlan where two would still have one name, where a photo
    would be overwritten, and for what is neither a file nor a folder. What cannot be looked at, or
    into, has a job: that fails, and says why.
    """
    photos: dict[Path, Path] = {}
    for path in paths:
        for photo, place in _photos(path, out):
            photos.setdefault(_real(photo), place)
    places = [
        (photo, place, page, f"-{page + 1}" if count > 1 else "")
        for photo, place in photos.items()
        for count in [pages(photo)]
        for page in range(count)
    ]
    short = Counter(_key(_as_png(place, tail)) for _, place, _, tail in places)
    jobs: dict[str, Job] = {}
    for photo, place, page, tail in places:
        target = _as_png(place, tail)
        if short[_key(target)] > 1:
            target = _png_beside(place, f"{place.name}{tail}")
        job = Job(photo, out / target, page)
        other = jobs.setdefault(_key(target), job)
        if other != job:
            raise BadPlan(
                f"{other.photo} and {photo} would both be written to {out / target}. Name the "
                "folders that they are in, which keep their names, or do one after the other."
            )
    for job in jobs.values():
        if _real(job.target) in photos:
            raise BadPlan(f"{job.target} is one of the photos. Choose another folder with --out.")
    return list(jobs.values())


def _photos(path: Path, out: Path) -> Iterator[tuple[Path, Path]]:
    """(photo, its place below the output folder) of a file, or of each photo in a folder."""
    if not _has_type(stat.S_ISDIR, path):
        if not _has_type(stat.S_ISREG, path, unknown=True):
            raise BadPlan(f"{path} is neither a file nor a folder.")
        yield path, Path(path.name)
        return
    # Of "." and ".." the name of the folder that they are.
    top = Path(_real(path).name)
    for photo in sorted(_files(path)):
        place = photo.relative_to(path)
        hidden = any(part.startswith(".") for part in place.parts)
        if not hidden and _real(out) not in _real(photo).parents:
            yield photo, top / place


def _files(folder: Path) -> Iterator[Path]:
    """What has a photo's name, at any depth, and the folders that cannot be looked into."""
    refused: list[OSError] = []
    for root, _, names in os.walk(folder, onerror=refused.append):
        for path in (Path(root, name) for name in names):
            wanted = path.suffix.lower() in SUFFIXES | OTHER_SUFFIXES
            if wanted and _has_type(stat.S_ISREG, path, unknown=True):
                yield path
    yield from (Path(error.filename) for error in refused)


def _has_type(kind: Callable[[int], bool], path: Path, *, unknown: bool = False) -> bool:
    """Whether it is of that kind; `unknown` where that cannot be found out."""
    try:
        return kind(path.stat().st_mode)
    except OSError:
        return unknown


def _real(path: Path) -> Path:
    # `Path.resolve` raises for a link to itself.
    return Path(os.path.realpath(path))


def _as_png(place: Path, tail: str) -> Path:
    # A camera's raw file stands beside its JPEG, and must not change that one's name.
    stem = place.stem if place.suffix.lower() in SUFFIXES else place.name
    return _png_beside(place, f"{stem}{tail}")


def _png_beside(place: Path, stem: str) -> Path:
    """A PNG file beside `place`, its name cut where that is too long for a file."""
    name = os.fsencode(f"{stem}.png")
    if len(name) > _LONGEST_NAME:
        tail = f"-{hashlib.sha256(name).hexdigest()[:12]}.png"
        cut = os.fsencode(stem)[: _LONGEST_NAME - len(tail)]
        return place.with_name(cut.decode(errors="ignore") + tail)
    return place.with_name(f"{stem}.png")


def _key(target: Path) -> str:
    # Some file systems do not tell cases apart.
    return str(target).casefold()
