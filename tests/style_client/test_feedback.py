"""Color or style? A choice between two routes of one client."""

import requests

from tests.color_client.pictures import file_of, scene

PHOTO = file_of(scene(60, 40))
WAVES, INK = file_of(scene(50, 50)), file_of(scene(40, 40))


def vote(client, first: requests.Response, second: requests.Response) -> requests.Response:
    receipts = [reply.headers["X-Receipt"] for reply in (first, second)]
    body = {"receipts": receipts, "choice": "second"}
    return requests.post(client.address + "/feedback", json=body, timeout=60)


def test_color_against_a_painting(start_client, tmp_path):
    client = start_client(feedback_db=f"sqlite:///{tmp_path / 'votes.db'}", report=True)
    color, painting = client.color(PHOTO, vividness="1.5"), client.paint(PHOTO, WAVES)
    reply = vote(client, color, painting)
    models = [each.headers["X-Model"] for each in (color, painting)]
    assert reply.json() == {"recorded": "choice", "models": models}
    (pair,) = client.get("/report?format=json").json()["pairs"]
    assert pair["models"] == models and pair["wins"] == [0, 1]
    labels = f'{{loser="{models[0]}",route="color-style",winner="{models[1]}"}}'
    assert f"colorway_client_feedback_total{labels} 1.0" in client.get("/metrics").text


def test_two_style_pictures_say_nothing_of_the_model(start_client, tmp_path):
    client = start_client(feedback_db=f"sqlite:///{tmp_path / 'votes.db'}")
    reply = vote(client, client.paint(PHOTO, WAVES), client.paint(PHOTO, INK))
    assert (reply.status_code, reply.json()["code"]) == (400, "not-comparable")
