"""kill -9 of any one process: what a person notices, and what comes back."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import yaml

from local.ports import free_port
from local.running.readiness import healthy_ports
from tests.local.conftest import wait_until
from tests.local.running_applications import ARTICLE, RunningApplications, png, wait_until_gone

pytestmark = [pytest.mark.slow, pytest.mark.long(2)]
BACK_WITHIN_S = 240


@pytest.fixture
def one_predictor(tmp_path) -> Callable[[int], Path]:
    """The article's color-serving with its first predictor alone, in so many replicas."""

    def write(replicas: int) -> Path:
        document = yaml.safe_load((ARTICLE / "color-serving.yaml").read_text())
        properties = document["spec"]["components"][0]["properties"]
        del properties["predictors"][1:]
        properties["predictors"][0] |= {"replicas": replicas, "traffic": 100}
        file = tmp_path / "one.yaml"
        file.write_text(yaml.safe_dump(document))
        return file

    return write


class Load:
    """Two callers who ask again and again; what each got, and when it asked."""

    def __init__(self, running: RunningApplications):
        self.answers: list[tuple[float, int, str]] = []
        self._running = running
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(2)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        while not self._over.is_set():
            started = time.monotonic()
            reply = self._running.predict(png())
            error = "" if reply.ok else reply.text
            self.answers.append((started, reply.status_code, error))

    def since(self, moment: float) -> list[tuple[int, str]]:
        return [(status, error) for started, status, error in self.answers if started >= moment]

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def healthy(running: RunningApplications) -> int:
    """How many model servers the gateway takes for healthy."""
    config = yaml.safe_load((running.state.root / "gateway" / "envoy.yaml").read_text())
    port = config["admin"]["address"]["socket_address"]["port_value"]
    return len(healthy_ports(port))


def test_one_of_two_replicas(up, one_predictor):
    running = up(one_predictor(2)).wait_until_ready()
    wait_until(lambda: healthy(running) == 2, 60)
    load = Load(running)
    try:
        wait_until(lambda: len(load.answers) > 20, 120)
        running.kill("-m serving", "model1")
        # The runner ends the whole process group before it counts a restart.
        wait_until(lambda: running.row("color-model-serving").restarts == 1, 60)
        gone = time.monotonic()
        wait_until(lambda: len(load.since(gone)) > 20, 120)
        # Until it is back, and then with both again.
        wait_until(lambda: running.row("color-model-serving").phase == "running", BACK_WITHIN_S)
        wait_until(lambda: healthy(running) == 2, 60)
        assert running.row("color-model-serving").restarts == 1
        back = time.monotonic()
        wait_until(lambda: len(load.since(back)) > 20, 120)
    finally:
        load.end()
    # 504 is a busy machine's; 502 and 503 would mean that only the dead one was asked.
    assert [each for each in load.since(gone) if each[0] not in (200, 504)] == []


def test_single_replicas_restart(up, one_predictor):
    running = up(one_predictor(1)).wait_until_ready()

    def answers() -> int:
        reply = running.predict(png())
        if reply.status_code == 503:
            assert int(reply.headers["Retry-After"]) > 0
        return reply.status_code

    for parts in (("-m serving",), ("envoy", "-c")):
        running.kill(*parts)
        wait_until(lambda: answers() == 503, 60)
        wait_until(lambda: answers() == 200, BACK_WITHIN_S)
    client = running.client
    running.kill("-m color_client")
    with pytest.raises(requests.ConnectionError):
        for _ in range(1000):
            requests.get(f"{client}/healthz", timeout=10)
    wait_until(lambda: running.row("color-rest-serving").restarts == 1, 60)
    wait_until(lambda: running.row("color-rest-serving").phase == "running", BACK_WITHIN_S)
    assert answers() == 200
    assert running.row("gateway").restarts == 1
    assert running.row("color-model-serving").restarts == 1


def test_a_second_up_gives_way_and_nothing_is_left_of_the_first_when_it_is_killed(
    up, one_predictor, tmp_path
):
    file = one_predictor(1)
    running = up(file).wait_until_ready()
    port = running.client.rpartition(":")[2]
    # A folder of its own and the same run_options: ports that are taken give way.
    other = RunningApplications([file], tmp_path / "other", "--port", port)
    try:
        other.wait_for("the claim is empty")
        assert other.process.wait(60) == 1
        assert f"port {port} is in use (held by " in other.text
    finally:
        other.end()
    assert running.predict(png()).status_code == 200
    assert free_port() != int(port)

    before = running.processes()
    assert any("envoy" in command for command in before.values())
    assert len(before) >= 6
    running.process.kill()
    running.process.wait()
    wait_until_gone(list(before))
    assert running.state.rows()[0].phase == "stopped"
    again = up(file).wait_until_ready()
    assert again.predict(png()).status_code == 200
    assert again.press_ctrl_c() == 0
