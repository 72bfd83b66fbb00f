"""Write the pictures that the clients' pages offer, from those of this folder.

    python samples/make_gallery.py [http://localhost:3333]

They travel with the packages, so they are few and small, and only such as ask for no line of credit
beside them: in the public domain, or CC0. Style pictures have the size that a network reads.
With the address of a client that runs, the landing's example is made, too.
"""

import io
import sys
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
    asked = {"Content-Type": "image/jpeg", "Accept": "image/png"}
    with urlopen(Request(f"{url}/predict", photo, asked)) as reply:
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
    photos, styles = CLIENTS / "color_client/page/samples", CLIENTS / "style_client/page/styles"
    for name in PHOTOS:
        photo_of(name).save(photos / f"{name}.jpg", quality=82, optimize=True)
    for name in style_names():
        style_of(name).save(styles / f"{name}.jpg", quality=85, optimize=True)
    for url in sys.argv[1:]:
        example(url)


if __name__ == "__main__":
    main()
