"""What to do with what runs: lines to paste."""

from pathlib import Path

from ..running.plan import Plan
from ..shipped_models import ROOT


def _as_typed(path: Path) -> str:
    """`path` as a person here would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def invitation(plan: Plan) -> str:
    """What to do with what runs, for people: a line to paste for each client."""
    lines = []
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
    if not lines:
        return "Ready. Ctrl-C stops."
    return "Ready. Color a photo:\n\n" + "\n".join(lines) + "\n\nCtrl-C stops."


def _sample(pattern: str, otherwise: str) -> str:
    """A sample of this checkout as a person would type it."""
    pictures = sorted((ROOT / "samples").glob(pattern))
    return _as_typed(pictures[0]) if pictures else otherwise
