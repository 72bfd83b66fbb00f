"""Versions come and go under the base path while requests are answered."""

import shutil
import threading
import time
from collections import Counter

import pytest

from serving.versions import find_versions
from tests.serving.server_process import ServerProcess
from tests.serving.small_models import write_version

pytestmark = pytest.mark.long(1)

FAST_POLL = "--file_system_poll_wait_seconds=0.1"


@pytest.mark.parametrize(
    ("names", "versions"),
    [
        (["1", "2", "10"], [1, 2, 10]),
        (["1", "2.denied", "tmp-3", "latest", ".4", "v5", "-6", "7 ", "٣"], [1]),
        (["00000123"], [123]),
        (["1", "001"], [1]),
        (["9223372036854775807", "9223372036854775808"], [2**63 - 1]),
        ([], []),
    ],
)
def test_version_folders(tmp_path, names, versions):
    for name in names:
        (tmp_path / name).mkdir()
    (tmp_path / "99").write_text("a file is no version")
    found = find_versions(tmp_path)
    assert sorted(found) == versions
    assert found.get(1, tmp_path / "1") == tmp_path / "1"


def test_a_missing_base_path_is_not_an_empty_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        find_versions(tmp_path / "gone")


class SteadyLoad:
    """Predictions without a pause on a few threads; every reply is noted."""

    def __init__(self, server: ServerProcess, callers: int = 3):
        self.server = server
        self.failures: list[str] = []
        self.versions: Counter[int] = Counter()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(callers)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _call(self):
        while not self._stop.is_set():
            try:
                reply = self.server.predict({"instances": [0.0, 1.0]})
                first, second = reply.json["predictions"]
                assert second == first + 1
                self.versions[int(first)] += 1
            except Exception as error:
                self.failures.append(repr(error))
            time.sleep(0.005)

    def wait_for_version(self, version: int):
        """Only this version answers from now on."""
        self.server.wait_for(lambda: self.server.states().get(version) == "AVAILABLE")
        time.sleep(0.1)
        self.versions.clear()
        self.server.wait_for(lambda: sum(self.versions.values()) > 20)
        assert set(self.versions) == {version}


def test_no_request_fails_while_versions_change(start_server, tmp_path):
    base_path = tmp_path / "base"
    base_path.mkdir()
    write_version(base_path, 1)
    server: ServerProcess = start_server(base_path, FAST_POLL).wait_until_open()
    with SteadyLoad(server) as load:
        load.wait_for_version(1)
        write_version(base_path, 2)
        load.wait_for_version(2)
        server.wait_for(lambda: server.states() == {2: "AVAILABLE", 1: "END"})

        broken = base_path / ".3"
        broken.mkdir()
        (broken / "saved_model.pb").write_bytes(b"\xff not a graph")
        broken.rename(base_path / "3")
        server.wait_for(lambda: server.states().get(3) == "END")
        assert server.states() == {3: "END", 2: "AVAILABLE", 1: "END"}
        report = server.request("GET", "/v1/models/hpt/versions/3").json["model_version_status"]
        assert report[0]["status"]["error_code"] == "DATA_LOSS"
        load.wait_for_version(2)

        shutil.rmtree(base_path / "2")
        load.wait_for_version(1)
        server.wait_for(lambda: server.states()[2] == "END")
        # What is left when the last good one goes as well: it stays in service.
        shutil.rmtree(base_path / "1")
        time.sleep(0.5)
        load.wait_for_version(1)
    assert load.failures == []
    assert " 500 " not in server.log


def test_a_half_written_version_is_served_when_it_is_whole(start_server, tmp_path):
    base_path = tmp_path / "base"
    base_path.mkdir()
    write_version(base_path, 1)
    whole = write_version(tmp_path, 2)
    server: ServerProcess = start_server(base_path, FAST_POLL).wait_until_open()

    half = base_path / "2"
    half.mkdir()
    server.wait_for(lambda: server.states().get(2) == "END")
    report = server.request("GET", "/v1/models/hpt/versions/2").json["model_version_status"]
    assert report[0]["status"]["error_code"] == "NOT_FOUND"
    shutil.copy(whole / "saved_model.pb", half)
    server.wait_for(lambda: server.log.count("version 2 of hpt does not load") >= 2)
    assert server.predict({"instances": [0.0]}).json == {"predictions": [1.0]}

    shutil.copytree(whole, half, dirs_exist_ok=True)
    server.wait_for(lambda: server.states() == {2: "AVAILABLE", 1: "END"})
    assert server.predict({"instances": [0.0]}).json == {"predictions": [2.0]}


def test_all_versions_deleted_and_a_new_one(start_server, tmp_path):
    base_path = tmp_path / "base"
    base_path.mkdir()
    write_version(base_path, 1)
    server: ServerProcess = start_server(base_path, FAST_POLL).wait_until_open()
    assert server.predict({"instances": [0.0]}, "/v1/models/hpt/versions/1:predict").status == 200

    shutil.rmtree(base_path / "1")
    server.wait_for(lambda: server.states() == {1: "END"})
    reply = server.predict({"instances": [0.0]})
    assert (reply.status, reply.error) == (404, "Servable not found for request: Latest(hpt)")
    reply = server.request("GET", "/v1/models/hpt/metadata")
    assert (reply.status, reply.error) == (404, "Servable not found for request: Latest(hpt)")

    write_version(base_path, 1)
    server.wait_for(lambda: server.states() == {1: "AVAILABLE"})
    assert server.predict({"instances": [0.0]}).status == 200

    # A base path that is gone, unlike an empty one, is taken for a mount that will come back.
    base_path.rename(tmp_path / "away")
    server.wait_for(lambda: "Could not find base path" in server.log)
    time.sleep(0.3)
    assert server.log.count("Could not find base path") == 1
    assert server.predict({"instances": [0.0]}).status == 200
    (tmp_path / "away").rename(base_path)
    write_version(base_path, 2)
    server.wait_for(lambda: server.states() == {2: "AVAILABLE", 1: "END"})


def test_a_request_that_runs_keeps_its_version(start_server, protocol_base_path, tmp_path):
    base_path = tmp_path / "base"
    shutil.copytree(protocol_base_path, base_path)
    server: ServerProcess = start_server(base_path, FAST_POLL).wait_until_open()
    with server.answering({"signature_name": "slow", "instances": [2000]}) as replies:
        shutil.rmtree(base_path / "00000123")
        server.wait_for(lambda: server.states() == {123: "UNLOADING"})
        assert server.predict({"instances": [1.0]}).status == 404
    assert replies[0].status == 200
    server.wait_for(lambda: server.states() == {123: "END"})


def test_it_gives_up_when_no_version_ever_loads(start_server, tmp_path):
    (tmp_path / "base" / "1").mkdir(parents=True)
    server: ServerProcess = start_server(tmp_path / "base", "--max_num_load_retries=0")
    assert server.process.wait(30) != 0
    assert "1 model(s) did not become available" in server.log
    assert "Could not find SavedModel" in server.log
    assert "Traceback" not in server.log


@pytest.mark.slow
def test_a_failed_load_is_tried_again(start_server, tmp_path):
    (tmp_path / "base" / "1").mkdir(parents=True)
    server: ServerProcess = start_server(
        tmp_path / "base",
        FAST_POLL,
        "--max_num_load_retries=2",
        "--load_retry_interval_micros=300000",
    )
    assert server.process.wait(30) != 0
    assert server.log.count("version 1 of hpt does not load") == 3
