"""Which files are photos, and under which names do their pictures go?"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# What is taken for a photo in a folder; a file that is named itself is tried whatever its name.
SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".jpe", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".ppm", ".pgm")
    + (".pbm", ".pnm", ".avif", ".jp2", ".j2k", ".jpf", ".jpx", ".heic", ".heif", ".hif")
)


class BadPlan(Exception):
    """It cannot be done without losing a picture; the text is for people."""


@dataclass(frozen=True)
class Job:
    """A photo, and the PNG file that it becomes."""

    photo: Path
    target: Path


def plan(given: Sequence[Path], out: Path) -> list[Job]:
    """A job for each photo: the files given, and those in the folders given, at any depth.

    `a.jpg` becomes `out/a.png`, and a folder keeps its own name and its tree, as with `cp -r`.
    Where a.jpg and a.tif would both become a.png, they become a.jpg.png and a.tif.png. Raises
    BadPlan where two would still have one name, or where a photo would be overwritten.
    """
    photos: dict[Path, Path] = {}
    for path in given:
        for photo, place in _photos(path, out):
            photos.setdefault(photo.resolve(), place)
    short = Counter(_key(_as_png(place)) for place in photos.values())
    jobs: dict[str, Job] = {}
    for photo, place in photos.items():
        target = _as_png(place)
        if short[_key(target)] > 1:
            target = place.with_name(f"{place.name}.png")
        other = jobs.setdefault(_key(target), Job(photo, out / target))
        if other.photo != photo:
            raise BadPlan(
                f"{other.photo} and {photo} would both be written to {out / target}. Name the "
                "folders that they are in, which keep their names, or do one after the other."
            )
    for job in jobs.values():
        if job.target.resolve() in photos:
            raise BadPlan(f"{job.target} is one of the photos. Choose another folder with --out.")
    return list(jobs.values())


def _photos(path: Path, out: Path) -> Iterator[tuple[Path, Path]]:
    """(photo, its place below the output folder) of a file, or of each photo in a folder."""
    if not path.is_dir():
        yield path, Path(path.name)
        return
    # Of "." and ".." the name of the folder that they are.
    top = Path(path.resolve().name)
    for photo in sorted(path.rglob("*")):
        place = photo.relative_to(path)
        hidden = any(part.startswith(".") for part in place.parts)
        made_here = out.resolve() in photo.resolve().parents
        if photo.suffix.lower() in SUFFIXES and photo.is_file() and not hidden and not made_here:
            yield photo, top / place


def _as_png(place: Path) -> Path:
    if place.suffix.lower() in SUFFIXES:
        return place.with_suffix(".png")
    return place.with_name(f"{place.name}.png")


def _key(target: Path) -> str:
    # Some file systems do not tell cases apart.
    return str(target).casefold()
