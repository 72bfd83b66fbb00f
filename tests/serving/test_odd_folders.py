"""What may lie in a model's folder and is no version: said in words, and the others are served."""

import os
import shutil
import socket
from pathlib import Path

import pytest

from serving.errors import ServingError
from serving.loading import Loader
from serving.versions import find_versions
from tests.serving.server_process import ServerProcess

PROTO = "saved_model.pb"
STATUS = "model_version_status"


def test_broken_versions_are_reported_and_a_good_one_is_served(
    start_server, protocol_base_path, tmp_path
):
    base, elsewhere = tmp_path / "base", tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.mkfifo(elsewhere / "variables.index")

    def odd(version: int) -> Path:
        return Path(shutil.copytree(protocol_base_path / "00000123", base / str(version)))

    odd(1)
    (odd(2) / PROTO).unlink()
    os.mkfifo(base / "2" / PROTO)
    (odd(3) / PROTO).unlink()
    (base / "3" / PROTO).symlink_to("/nowhere")
    (odd(4) / PROTO).unlink()
    (base / "4" / PROTO).symlink_to("/dev/zero")
    shutil.rmtree(odd(5) / "variables")
    (base / "5" / "variables").symlink_to(elsewhere)
    os.mkfifo(os.fsencode(odd(6)) + b"/caf\xe9")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(os.path.relpath(odd(7) / "variables" / "socket"))
    (odd(8) / "assets.extra" / "tf_serving_warmup_requests").mkdir(parents=True)
    (odd(9) / PROTO).write_bytes(b"")
    (base / "10").mkdir()
    (base / "11").symlink_to("11")
    (base / "12").symlink_to("/nowhere")
    os.mkfifo(base / "13")

    server: ServerProcess = start_server(base).wait_until_open()
    reply = server.request("GET", "/v1/models/hpt")
    assert reply.status == 200
    why = {int(v["version"]): v["status"]["error_message"] for v in reply.json[STATUS]}
    assert server.states() == {1: "AVAILABLE"} | dict.fromkeys(range(2, 11), "END")
    assert why.pop(1) == ""
    for version, words in {
        2: f"2/{PROTO} is no regular file",
        3: "Could not find SavedModel",
        4: f"4/{PROTO} is no regular file",
        5: "variables/variables.index is no regular file",
        6: "caf\\udce9 is no regular file",
        7: "variables/socket is no regular file",
        8: "Is a directory",
        9: "Could not find meta graph",
        10: "Could not find SavedModel",
    }.items():
        assert words in why[version]
    assert server.predict({"instances": [1.0]}).json == {"predictions": [2.5]}
    assert "Traceback" not in server.log


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PermissionError(13, "Permission denied", "/m/1/x"), "UNAVAILABLE: Cannot read /m/1/x: "),
        (FileNotFoundError("No usable temporary directory"), "UNAVAILABLE: Cannot read m/1: No us"),
        (RuntimeError("anything"), "INTERNAL: Loading failed: RuntimeError"),
    ],
)
def test_any_load_failure_is_an_error_of_the_version(error, text):
    class Unlucky(Loader):
        def _load(self, folder, version):
            raise error

    with pytest.raises(ServingError) as raised:
        Unlucky()(Path("m/1"), 1)
    assert str(raised.value).startswith(text)


def test_unreadable_folder_counts_as_a_version(tmp_path, monkeypatch):
    """It then fails to load, with the reason; one in service stays."""
    (tmp_path / "1").mkdir()

    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", refuse)
    assert find_versions(tmp_path) == {1: tmp_path / "1"}
