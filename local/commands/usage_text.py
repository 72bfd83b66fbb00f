"""How to use what runs: commands to paste."""

import sys
from collections.abc import Iterator
from pathlib import Path

from ..running.plan import Plan, PlannedComponent
from ..shipped_models import ROOT


def _as_typed(path: Path) -> str:
    """`path` as a person here would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def usage_text(plan: Plan) -> str:
    """How to use what runs: a line to paste for each client."""
    lines: list[str] = []
    folders: list[str] = []
    for component in plan.components:
        if component.module not in ("color_client", "style_client"):
            continue
        url = component.endpoints[0].url
        place = url.removeprefix("http://")
        content = f"-F content_image=@{_sample('gray/astronaut.jpg', 'photo.jpg')}"
        lines.append(f"  curl {content} {place}/predict -o color.png")
        if component.module == "style_client":
            style = (
                f"-H 'style: transfer' -F style_image=@{_sample('styles/*.jpg', 'painting.jpg')}"
            )
            lines.append(f"  curl {style} {content} {place}/predict -o styled.png")
        lines.append(f"  or drop one onto {url}/ .")
        folders += [*_folder_commands(component)]
    if not lines:
        return "Ready. Ctrl-C stops."
    parts = ["Ready. Color a photo:", "\n".join(lines)]
    parts += ["A folder of photos:", "\n".join(folders), "Ctrl-C stops."]
    return "\n\n".join(parts)


def _folder_commands(component: PlannedComponent) -> Iterator[str]:
    """A whole folder, in each of the client's kinds, with the predict URL that runs."""
    # Which the client may have of our own environment, as whoever reads this does.
    url = component.programs[0].environment.get("URL")
    start = f"  {f'URL={url} ' if url else ''}{_as_typed(Path(sys.executable))} -m"
    yield f"{start} color_client PHOTOS --out COLORED"
    if component.module == "style_client":
        painting = _sample("styles/*.jpg", "painting.jpg")
        yield f"{start} style_client PHOTOS --out PAINTED --style {painting}"


def _sample(pattern: str, otherwise: str) -> str:
    """A sample of this checkout as a person would type it."""
    pictures = sorted((ROOT / "samples").glob(pattern))
    return _as_typed(pictures[0]) if pictures else otherwise
