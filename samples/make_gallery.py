"""Write the pictures that the clients' pages offer, from those in samples/.

  python samples/make_gallery.py [ADDRESS]

They are part of the packages, so they are few and small, and all of them are in the public domain
or CC0: no credit line is needed beside them. Style pictures have the size that the network reads.
With the ADDRESS of a running client (http://localhost:3333), the example of the landing page is
made, too.
"""

import argparse
import io
from pathlib import Path
from urllib.request import Request, urlopen

from PIL import Image

SAMPLES = Path(__file__).resolve().parent
CLIENTS = SAMPLES.parent
PHOTOS = ("admiral", "astronaut", "cat", "coffee", "dandelion", "raccoon")
EXAMPLE = "astronaut"
PHOTO_SIDE, STYLE_SIDE = 480, 256


def photo_of(name: str) -> Image.Image:
    """The black-and-white photo `name`, as the page offers it."""
    with Image.open(SAMPLES / "gray" / f"{name}.jpg") as photo:
        smaller = photo.copy()
    smaller.thumbnail((PHOTO_SIDE, PHOTO_SIDE), Image.Resampling.LANCZOS)
    return smaller


def example(url: str) -> None:
    """The example of the landing page: EXAMPLE gray, and what the client at `url` makes of it."""
    page = CLIENTS / "color_client/page"
    before = photo_of(EXAMPLE)
    before.save(page / "example-before.jpg", quality=82, optimize=True)
    photo = (page / "example-before.jpg").read_bytes()
    headers = {"Content-Type": "image/jpeg", "Accept": "image/png"}
    with urlopen(Request(f"{url}/predict", photo, headers)) as reply:
        after = Image.open(io.BytesIO(reply.read())).convert("RGB")
    after.save(page / "example-after.jpg", quality=82, optimize=True)


def style_of(name: str) -> Image.Image:
    """The style picture `name`, as the page offers it."""
    with Image.open(SAMPLES / "styles" / f"{name}.jpg") as style:
        return style.resize((STYLE_SIDE, STYLE_SIDE), Image.Resampling.LANCZOS)


def style_names() -> list[str]:
    """All of the style pictures: they are CC0."""
    return sorted(path.stem for path in (SAMPLES / "styles").glob("*.jpg"))


def main() -> None:
    """Write both galleries."""
    parser = argparse.ArgumentParser(
        usage=argparse.SUPPRESS,
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("address", nargs="?", metavar="ADDRESS", help="of a running client")
    address = parser.parse_args().address
    photos, styles = CLIENTS / "color_client/page/samples", CLIENTS / "style_client/page/styles"
    for name in PHOTOS:
        photo_of(name).save(photos / f"{name}.jpg", quality=82, optimize=True)
    for name in style_names():
        style_of(name).save(styles / f"{name}.jpg", quality=85, optimize=True)
    if address:
        example(address)


if __name__ == "__main__":
    main()
