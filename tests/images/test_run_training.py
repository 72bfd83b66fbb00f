"""train-color as the article's image runs: no arguments, and a volume at /model."""

import shutil
from pathlib import Path

from .conftest import PICTURES, ROOT, predict_url, serve
from .engine import wait_until
from .photo_requests import colorfulness, opened, predict

VOLUME = {"/model": "trained"}


def published(folder: Path) -> list[str]:
    """Names in an export root that serving would look at."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_trains_stops_resumes_and_is_served(engine, images, report):
    image = images["train-color"]
    folder = engine.volume("trained")

    # Stopped before it has begun: TensorFlow alone takes seconds to import.
    early = engine.start(image, mounts=VOLUME)
    wait_until("the first process can be told to stop", early.handles_sigterm)
    early.terminate()
    assert early.wait() == 143, early.logs
    assert published(folder) == []

    first = engine.start(image, mounts=VOLUME)
    wait_until(
        "there is a checkpoint",
        lambda: list(folder.glob(".checkpoints/v1/step-*.npz")) or not first.running,
    )
    first.terminate()
    assert first.wait() == 143, first.logs
    assert published(folder) == []
    assert list(folder.glob(".checkpoints/v1/step-*.npz"))

    code, output = engine.run(image, mounts=VOLUME)
    assert code == 0, output
    assert "going on from the checkpoint" in output
    assert published(folder) == ["1", "v1"]
    assert (folder / "1" / "saved_model.pb").samefile(folder / "v1" / "1" / "saved_model.pb")
    assert not (folder / ".checkpoints" / "v1").exists()
    sheet = PICTURES / "train-color-contact-sheet.png"
    shutil.copy(folder / "v1" / "contact-sheet.png", sheet)
    report.showed(
        "train-color",
        f"SIGTERM kept the checkpoint; the next run went on and published: "
        f"{sheet.relative_to(ROOT)}",
    )

    code, output = engine.run(image, mounts=VOLUME)
    assert (code, "already published" in output) == (0, True)

    server = serve(engine, images["model-server"], "trained", "")
    client = engine.start(images["color-serving"], environment={"URL": predict_url(server)})
    wait_until("the client is healthy", client.healthy)
    png = predict(client.address, {"content_image": ROOT / "samples" / "gray" / "alps.jpg"})
    assert colorfulness(opened(png)) > 5
    picture = PICTURES / "trained-here.png"
    picture.write_bytes(png)
    report.showed("model-server", f"served it: {picture.relative_to(ROOT)}")
