"""The images that copy models, and the model servers that serve them."""

from pathlib import Path

import pytest

from .conftest import PICTURES, ROOT, STAND_IN, predict_url
from .engine import wait_until
from .photo_requests import colorfulness, opened, predict

# docs/design.md, contract 1.
TREES = {
    "color": ("model/v1/1/saved_model.pb", "model/v2/2/saved_model.pb"),
    "style": ("model/1/saved_model.pb",),
}
SAYS = {
    "color": "model/v1/1 is there already\nmodel/v2/2 is there already\n",
    "style": "model/1 is there already\n",
}


def contents(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Everything in a folder with what changes when it is written anew."""
    status = {str(path.relative_to(folder)): path.stat() for path in folder.rglob("*")}
    return {name: (s.st_ino, s.st_mtime_ns, s.st_ctime_ns) for name, s in status.items()}


@pytest.mark.parametrize("which", TREES)
def test_copies_once(engine, images, report, request, which):
    folder = request.getfixturevalue(f"{which}_volume")
    for name in TREES[which]:
        shipped = ROOT / "models" / which / name.removeprefix("model/")
        assert (folder / name).read_bytes() == shipped.read_bytes()
    before = contents(folder)
    assert not [name for name in before if Path(name).name.startswith(".")]
    again = engine.run(images[f"{which}-model"], mounts={"/mnt": which})
    assert again == (0, SAYS[which])
    assert contents(folder) == before
    tree = ", ".join(str(Path(name).parent) for name in TREES[which])
    report.showed(f"{which}-model", f"copied {tree}; a second run changed nothing")


def test_interrupted_copy_is_completed(engine, images):
    folder = engine.volume("cut")
    code, _ = engine.run(images["style-model"], mounts={"/mnt": "cut"})
    assert code == 0
    # As a power cut leaves it: half a copy under its dot-name.
    (folder / "model" / "1").rename(folder / "model" / ".copying-1")
    (folder / "model" / ".copying-1" / "saved_model.pb").unlink()
    code, _ = engine.run(images["style-model"], mounts={"/mnt": "cut"})
    assert code == 0
    assert [path.name for path in (folder / "model").iterdir()] == ["1"]
    assert (folder / TREES["style"][0]).stat().st_size > 1e6


def test_a_volume_that_cannot_be_written_is_one_clear_line(engine, images):
    engine.volume("locked")
    code, output = engine.run(images["color-model"], mounts={"/mnt:ro": "locked"})
    assert code == 1
    assert len(output.splitlines()) == 1
    assert "cannot be copied to /mnt/model/v1/1: Read-only file system" in output


def test_model_server_image_includes_a_model(engine, images, report):
    server = engine.start(images["model-server"], options=("--user=54321:0",))
    wait_until("the model server is healthy", server.healthy)
    assert "/v1/models/my-model" in server.logs
    server.terminate()
    assert server.wait() == 0
    report.showed("model-server", "served color/v2 as any user; stopped on SIGTERM")


def test_a_shipped_model_on_tensorflow_serving(engine, images, report):
    server = engine.start(images[STAND_IN])
    wait_until("TensorFlow Serving's stand-in is healthy", server.healthy)
    client = engine.start(images["color-serving"], environment={"URL": predict_url(server)})
    wait_until("the client is healthy", client.healthy)
    png = predict(client.address, {"content_image": ROOT / "samples" / "gray" / "stream.jpg"})
    assert colorfulness(opened(png)) > 5
    picture = PICTURES / "tensorflow-serving.png"
    picture.write_bytes(png)
    report.showed(STAND_IN, str(picture.relative_to(ROOT)))
    server.terminate()
    assert server.wait() == 0
