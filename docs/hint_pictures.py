"""Make docs/hints.jpg, photos corrected by hints, with a running service.

  make up                                             in one terminal
  .venv/bin/python docs/hint_pictures.py [ADDRESS]    in another

From left to right: gray, colored, colored with the hints that the dots show, the original.
"""

import io
import json
import sys
from pathlib import Path

import requests
from before_after import service_address  # beside this file
from PIL import Image, ImageDraw

from colorway import run

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
RED, ORANGE, AUTUMN, BLUE = "#b3361a", "#e8602c", "#b3702f", "#2f4f8f"
HEIGHT = 240
GAP = 6
DOT = 5


def hint(x: float, y: float, color: str | None) -> dict[str, object]:
    """A hint of the API; without a color what is there is kept."""
    return {"x": x, "y": y, **({"color": color} if color else {"keep": True})}


EXAMPLES = {
    # One hint: other clothes, the same face.
    "admiral": [hint(0.3, 0.8, BLUE)],
    "coffee": [hint(0.22, 0.6, RED), hint(0.7, 0.55, RED), hint(0.36, 0.68, RED)],
    "astronaut": [hint(0.25, 0.62, ORANGE), hint(0.1, 0.65, ORANGE), hint(0.62, 0.52, ORANGE)],
    "mountain": [hint(0.2, 0.38, AUTUMN), hint(0.25, 0.12, None), hint(0.87, 0.55, AUTUMN)],
}


def colored(address: str, data: bytes, hints: list[dict[str, object]]) -> Image.Image:
    """The photo as the service colors it with these hints."""
    reply = requests.post(
        f"{address}/predict",
        files={"content_image": data},
        data={"hints": json.dumps(hints)},
        timeout=60,
    )
    reply.raise_for_status()
    return Image.open(io.BytesIO(reply.content)).convert("RGB")


def with_dots(picture: Image.Image, hints: list[dict[str, object]]) -> Image.Image:
    """The picture with a dot at each hint, in its color; a hollow one keeps what is there."""
    draw = ImageDraw.Draw(picture)
    for each in hints:
        x, y = (
            float(str(each[axis])) * side for axis, side in zip("xy", picture.size, strict=True)
        )
        box = (x - DOT, y - DOT, x + DOT, y + DOT)
        draw.ellipse(box, fill=each.get("color"), outline="white", width=2)
    return picture


def main() -> None:
    """Color the examples and lay them out, one a row."""
    address = service_address(__doc__)
    rows = []
    for name, hints in EXAMPLES.items():
        gray, photo = ((SAMPLES / folder / f"{name}.jpg") for folder in ("gray", "."))
        data = gray.read_bytes()
        pictures = [
            Image.open(gray),
            colored(address, data, []),
            colored(address, data, hints),
            Image.open(photo),
        ]
        size = (round(pictures[0].width * HEIGHT / pictures[0].height), HEIGHT)
        row = [each.convert("RGB").resize(size, Image.Resampling.LANCZOS) for each in pictures]
        rows.append([*row[:2], with_dots(row[2], hints), row[3]])
    width = max(sum(each.width + GAP for each in row) for row in rows) - GAP
    sheet = Image.new("RGB", (width, len(rows) * (HEIGHT + GAP) - GAP), "white")
    for number, row in enumerate(rows):
        left = 0
        for each in row:
            sheet.paste(each, (left, number * (HEIGHT + GAP)))
            left += each.width + GAP
    sheet.save(ROOT / "docs" / "hints.jpg", quality=85, optimize=True)


if __name__ == "__main__":
    sys.exit(run(main))
