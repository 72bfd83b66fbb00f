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


@pytest.mark.parametrize("kind", LARGE)
def test_large_requests_leave_nothing_behind(server, kind):
    document, status = LARGE[kind]

    def memory(requests: int) -> int:
        for _ in range(requests):
            assert server.predict(document).status == status
        text = Path(f"/proc/{server.worker()}/status").read_text()
        (line,) = [line for line in text.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024

    before = memory(20)
    # Each request kept would cost more than a megabyte; the pools of memory vary by less.
    assert memory(80) - before < 60 * MB
