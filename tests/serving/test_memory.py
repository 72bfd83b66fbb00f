"""Large requests leave nothing behind."""

import base64
import json
from pathlib import Path

import pytest

MB = 2**20
ROWS = 150_000
LARGE = {
    "answered": ('{"instances": [' + "1.5," * ROWS + "2]}", 200),
    "refused": ('{"instances": [' + "1.5," * ROWS + '"x"]}', 400),
    "not-json": ('{"instances": [' + "1.5," * ROWS + "]}", 400),
    "failed": (
        json.dumps(
            {
                "signature_name": "raises",
                "instances": [{"b64": base64.b64encode(bytes(MB)).decode()}],
            }
        ),
        400,
    ),
}


# What is kept of a request costs more than a megabyte, every time. What the pools of memory still
# grow by, they do not grow by again and again.
REQUESTS, ROUNDS = 20, 6
LITTLE = REQUESTS * MB // 3


@pytest.mark.parametrize("kind", LARGE)
def test_large_requests_leak_no_memory(server, kind):
    document, status = LARGE[kind]

    def memory() -> int:
        for _ in range(REQUESTS):
            assert server.predict(document).status == status
        text = Path(f"/proc/{server.worker()}/status").read_text()
        (line,) = [line for line in text.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024

    grown, before = [], memory()
    while not grown or grown[-1] > LITTLE:
        now = memory()
        grown.append(now - before)
        before = now
        assert len(grown) < ROUNDS, grown
