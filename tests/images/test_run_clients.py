"""A photo through the clients, over a network between containers."""

import contextlib
import threading
from urllib.request import urlopen

import pytest
from PIL import Image

from .conftest import PICTURES, ROOT, predict_url
from .engine import Container, wait_until
from .holding_proxy import holding_proxy
from .photo_requests import TIMEOUT_S, colorfulness, difference, opened, predict

GRAY = ROOT / "samples" / "gray" / "pagoda.jpg"
PHOTO = ROOT / "samples" / "pagoda.jpg"
STYLE = ROOT / "samples" / "styles" / "waves.jpg"
# A form for each client: what is sent, and the header that makes it a question of style.
FORMS = {
    "color-serving": ({"content_image": GRAY}, {}),
    "style-serving": ({"content_image": PHOTO, "style_image": STYLE}, {"style": "transfer"}),
}
SERVERS = {"color-serving": "color_server", "style-serving": "style_server"}


def started(engine, image: str, url: str, *options: str) -> Container:
    """A client that answers."""
    client = engine.start(
        image, environment={"URL": url, "TIMEOUT_S": str(TIMEOUT_S // 2)}, options=options
    )
    wait_until("the client is healthy", client.healthy)
    return client


def answers(client: Container) -> bool:
    """Whether it takes a request now. One that has begun to stop leaves it waiting."""
    with contextlib.suppress(OSError), urlopen(f"http://{client.address}:3333/healthz", timeout=3):
        return True
    return False


@pytest.mark.parametrize("options", [(), ("--user=54321:0",)], ids=["its user", "any user"])
def test_a_gray_photo_comes_back_in_color(engine, images, report, color_server, options):
    client = started(engine, images["color-serving"], predict_url(color_server), *options)
    png = predict(client.address, {"content_image": GRAY})
    colored = opened(png)
    with Image.open(GRAY) as photo:
        assert colored.size == photo.size
        # Its own luminance; the rest is what leaves the gamut.
        assert difference(colored.convert("L"), photo.convert("L")) < 10
    assert colorfulness(colored) > 5
    if not options:
        picture = PICTURES / "color-serving.png"
        picture.write_bytes(png)
        report.showed("color-serving", str(picture.relative_to(ROOT)))
    client.terminate()
    assert client.wait() == 0


def test_a_photo_is_painted_in_the_style_of_a_picture(engine, images, report, style_server):
    client = started(engine, images["style-serving"], predict_url(style_server))
    form, headers = FORMS["style-serving"]
    png = predict(client.address, form, headers)
    painted = opened(png)
    with Image.open(PHOTO) as photo:
        assert painted.size == photo.size
        assert difference(painted, photo.convert("RGB")) > 10
    picture = PICTURES / "style-serving.png"
    picture.write_bytes(png)
    report.showed("style-serving", str(picture.relative_to(ROOT)))


def test_the_style_client_colors_without_the_header(engine, images, report, color_server):
    client = started(engine, images["style-serving"], predict_url(color_server))
    png = predict(client.address, {"content_image": GRAY})
    assert colorfulness(opened(png)) > 5


@pytest.mark.parametrize("name", FORMS)
def test_sigterm_finishes_what_is_in_progress(engine, images, report, request, name):
    server = request.getfixturevalue(SERVERS[name])
    form, headers = FORMS[name]
    replies: list[bytes] = []
    with holding_proxy(f"http://{server.address}:8501") as slow:
        url = f"http://{engine.gateway}:{slow.port}/v1/models/my-model:predict"
        client = started(engine, images[name], url)
        caller = threading.Thread(
            target=lambda: replies.append(predict(client.address, form, headers))
        )
        caller.start()
        assert slow.arrived.wait(TIMEOUT_S)
        client.terminate()
        wait_until("the client takes no more requests", lambda: not answers(client))
        assert client.running and not replies
        slow.released.set()
        caller.join()
    assert len(replies) == 1
    opened(replies[0])
    assert client.wait() == 0
    report.showed(name, "SIGTERM: the request in progress was finished, then exit 0")
