"""More requests than the server takes, and requests that take too long."""

import gzip
import json
import statistics
import threading
import time
from collections.abc import Iterator

import pytest

from tests import node_callers
from tests.serving.server_process import Reply, ServerProcess

TIMEOUT_MS = 1500


@pytest.fixture(scope="module")
def small_server(protocol_base_path, tmp_path_factory) -> Iterator[ServerProcess]:
    """Takes three requests and runs one at a time."""
    process = ServerProcess(
        protocol_base_path,
        tmp_path_factory.mktemp("small-server") / "log",
        "--max_requests_in_progress=3",
        "--max_parallel_runs=1",
        "--max_mb_in_memory=1",
        f"--rest_api_timeout_in_ms={TIMEOUT_MS}",
    ).wait_until_open()
    yield process
    process.stop()


def slow(milliseconds: int) -> dict:
    """A request that takes so long to run."""
    return {"signature_name": "slow", "instances": [milliseconds]}


def at_once(server: ServerProcess, document: dict, count: int) -> list[tuple[Reply, float]]:
    results: list[tuple[Reply, float]] = []

    def call() -> None:
        started = time.monotonic()
        reply = server.predict(document)
        results.append((reply, time.monotonic() - started))

    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_too_many_requests_are_refused_at_once(small_server):
    results = at_once(small_server, slow(400), 50)
    # On a busy machine one that was let in may run out of time.
    answered = [reply for reply, _ in results if reply.status in (200, 504)]
    refused = [(reply, seconds) for reply, seconds in results if reply.status == 429]
    assert len(answered) + len(refused) == 50
    assert 3 <= len(answered) <= 6
    assert statistics.median(seconds for _, seconds in refused) < 0.4, "they wait for nobody"
    assert "try again later" in refused[0][0].error
    # The status route does not count as a request in progress, and the next prediction is served.
    assert small_server.states() == {123: "AVAILABLE"}
    assert small_server.predict({"instances": [1.0]}).status == 200


def test_too_many_bytes_are_refused_but_one_large_request_is_not(small_server):
    large = json.dumps({"instances": [0.25] * 400_000})
    assert len(small_server.predict(large).json["predictions"]) == 400_000
    with small_server.answering(slow(1200)):
        assert small_server.predict(large).status == 429
        inflates = gzip.compress(large.encode())
        assert len(inflates) < 100_000
        assert small_server.predict(inflates, Content_Encoding="gzip").status == 429
        assert small_server.predict({"instances": [1.0]}).status in (200, 504)


def test_refused_node_callers_get_the_reason(small_server):
    url = f"http://127.0.0.1:{small_server.port}/v1/"
    for path, status in (("models/hpt/metadata", 400), ("models/hpt:classify", 501)):
        assert node_callers.answers(url + path, 4_000_000) == {status: 48}
    with small_server.answering(*3 * [slow(10_000)]):
        assert node_callers.answers(f"{url}models/hpt:predict", 4_000_000) == {429: 48}


def test_a_run_that_takes_too_long_is_504(small_server):
    started = time.monotonic()
    reply = small_server.predict(slow(4000))
    assert reply.status == 504
    assert "rest_api_timeout_in_ms" in reply.error
    assert TIMEOUT_MS / 1000 <= time.monotonic() - started < 4  # the run's own end

    # While TensorFlow finishes that run, a request that gets no turn in time is 504 as well.
    def answers() -> bool:
        reply = small_server.predict({"instances": [1.0]})
        assert reply.status in (200, 504)
        return reply.status == 200

    small_server.wait_for(answers, 60)
