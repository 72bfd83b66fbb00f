"""Make docs/before-after.jpg, the README's picture, with a running service.

make up                                            in one terminal
.venv/bin/python docs/before_after.py [ADDRESS]    in another
"""

import argparse
import io
import sys
from pathlib import Path

import requests
from PIL import Image

from colorway import run

ROOT = Path(__file__).resolve().parent.parent
PHOTOS = ["alps", "astronaut", "pagoda", "admiral", "dahlia"]
HEIGHT = 200
GAP = 6


def service_address(description: str | None) -> str:
    """The address on the command line of a script with that description."""
    parser = argparse.ArgumentParser(
        usage=argparse.SUPPRESS,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "address",
        nargs="?",
        default="http://localhost:3333",
        metavar="ADDRESS",
        help="(default: %(default)s)",
    )
    address: str = parser.parse_args().address
    return address


def main() -> None:
    """Color the photos and lay them out: gray above, colored below."""
    address = service_address(__doc__)
    pairs = []
    for name in PHOTOS:
        data = (ROOT / "samples" / "gray" / f"{name}.jpg").read_bytes()
        reply = requests.post(f"{address}/predict", files={"content_image": data}, timeout=60)
        reply.raise_for_status()
        pair = [Image.open(io.BytesIO(b)).convert("RGB") for b in (data, reply.content)]
        width = round(pair[0].width * HEIGHT / pair[0].height)
        pairs.append(
            [picture.resize((width, HEIGHT), Image.Resampling.LANCZOS) for picture in pair]
        )
    total = sum(gray.width + GAP for gray, _ in pairs) - GAP
    sheet = Image.new("RGB", (total, 2 * HEIGHT + GAP), "white")
    left = 0
    for gray, color in pairs:
        sheet.paste(gray, (left, 0))
        sheet.paste(color, (left, HEIGHT + GAP))
        left += gray.width + GAP
    sheet.save(ROOT / "docs" / "before-after.jpg", quality=88, optimize=True)


if __name__ == "__main__":
    sys.exit(run(main))
