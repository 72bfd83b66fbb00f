"""Callers that are slow or disappear, many at once, and how long each of them is tolerated."""

import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from soak import checks, limits
from soak.good_photos import large_photo, photo_request
from soak.http_bytes import Answer, close, get, read_answer
from soak.services import ClientUnderTest, Models, client_under_test

CLIENT_TIMEOUT_S = 3.0
TIMEOUT_S = 15.0  # the default
EACH = 60
_DRIP_S = 0.25
# The answer must be larger than all buffers between the caller and the client.
_LARGE = (1800, 1400)

SlowCaller = Callable[[socket.socket, bytes], Answer]


def soak(kind: str, models: Models, folder: Path, log: Callable[[str], None]) -> ClientUnderTest:
    """Try a client with a `CLIENT_TIMEOUT_S` of 3 s."""
    limit = limits.memory_mb()
    settings = {"CLIENT_TIMEOUT_S": f"{CLIENT_TIMEOUT_S:g}"}
    with client_under_test(kind, "slow", models.port, folder, limit, **settings) as client:
        small = client.photos[0].request_bytes
        # In color, because the file of a smooth painting is small.
        large = photo_request("color", large_photo(*_LARGE, grain=12.0))
        heads = limits.HEAD_WITHIN_S
        crowds: tuple[tuple[dict[str, SlowCaller], float], ...] = (
            (
                {"silent": _silent, "half a head": _partial_head, "dripped head": _dripped_head},
                heads,
            ),
            ({"stalled body": _stalled_body, "dripped body": _dripped_body}, CLIENT_TIMEOUT_S),
            # So many large photos at once first wait for memory.
            ({"never reads": _never_reads}, TIMEOUT_S + CLIENT_TIMEOUT_S),
            (
                {
                    "gone amid upload": _disconnect_during_upload,
                    "gone before answer": _disconnect_before_answer,
                },
                0.0,
            ),
        )
        client.part.sent = f"{EACH} each of " + ", ".join(
            f"“{name}”" for crowd, _ in crowds for name in crowd
        )
        for crowd, seconds in crowds:
            log(f"{kind}: callers that are {', '.join(crowd)}")
            _Crowd(client, large if "never reads" in crowd else small).run(crowd, seconds)
            client.check_nothing_in_progress(f"after {', '.join(crowd)}")
            client.check_good_photos(f"after {', '.join(crowd)}")
    return client


class _Crowd:
    def __init__(self, client: ClientUnderTest, request: bytes):
        self.client = client
        self.request = request
        self.held: dict[str, list[float]] = {}

    def run(self, kinds: dict[str, SlowCaller], seconds: float) -> None:
        """Send all of them at once, and meanwhile ask for /healthz."""
        over = threading.Event()
        asking = threading.Thread(target=self._poll_health, args=(over,))
        crowd = [
            threading.Thread(target=self._call, args=(name, slow_caller))
            for name, slow_caller in kinds.items()
            for _ in range(EACH)
        ]
        asking.start()
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
        over.set()
        asking.join()
        for name, held in self.held.items():
            longest = max(held)
            self.client.part.notes.append(f"“{name}” was tolerated for {longest:.1f} s at most")
            # The loop looks at the clock once a second, and machines are busy.
            tolerated = seconds + limits.LINGER_S + 2 * limits.TICK_S + limits.AT_ONCE_S
            if longest > tolerated:
                self.client.add_violation(
                    f"“{name}” was tolerated for {longest:.1f} s, not {tolerated:.1f} s"
                )

    def _call(self, name: str, slow_caller: SlowCaller) -> None:
        started = time.monotonic()
        answer = Answer(0)
        try:
            with socket.socket() as sock:
                if name == "never reads":
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                sock.settimeout(60)
                sock.connect(("127.0.0.1", self.client.program.port))
                answer = slow_caller(sock, self.request)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was cut off
        except OSError as error:
            self.client.add_violation(f"“{name}” was not cut off within 60 s: {error}")
        with self.client.lock:
            self.held.setdefault(name, []).append(time.monotonic() - started)
        self.client.record(answer)
        if answer.status and (wrong := _wrong(answer)):
            self.client.add_violation(f"“{name}”: {wrong}")

    def _poll_health(self, over: threading.Event) -> None:
        slowest = 0.0
        while not over.wait(0.25):
            answer = get(self.client.program.port, "/healthz")
            self.client.record(answer)
            slowest = max(slowest, answer.seconds)
            if answer.status != 200:
                self.client.add_violation(f"/healthz meanwhile: {answer.status} {answer.error}")
        if slowest > limits.AT_ONCE_S:
            self.client.add_violation(f"/healthz meanwhile took {slowest:.1f} s")


def _wrong(answer: Answer) -> str:
    if answer.status not in (400, 408, 503):
        return f"answered {answer.status}"
    return checks.wrong_problem(answer)


def _answer(sock: socket.socket) -> Answer:
    """The reply, after the connection has ended."""
    answer = read_answer(sock, time.monotonic(), 60)
    sock.settimeout(60)
    while sock.recv(4096):
        pass
    return answer


def _silent(sock: socket.socket, request: bytes) -> Answer:
    return _answer(sock)


def _partial_head(sock: socket.socket, request: bytes) -> Answer:
    sock.sendall(request[:60])
    return _answer(sock)


def _dripped_head(sock: socket.socket, request: bytes) -> Answer:
    return _drip(sock, request[:40], request[40:100])


def _stalled_body(sock: socket.socket, request: bytes) -> Answer:
    sock.sendall(request[: len(request) // 2])
    return _answer(sock)


def _dripped_body(sock: socket.socket, request: bytes) -> Answer:
    half = len(request) // 2
    return _drip(sock, request[:half], request[half:-100])


def _drip(sock: socket.socket, first: bytes, rest: bytes) -> Answer:
    """Byte after byte, until an answer comes."""
    sock.sendall(first)
    for byte in rest:
        if select.select([sock], [], [], _DRIP_S)[0]:
            break
        sock.sendall(bytes([byte]))
    return _answer(sock)


def _never_reads(sock: socket.socket, request: bytes) -> Answer:
    """Send a photo, and read nothing of the answer until the server closes the connection."""
    sock.sendall(request)
    poll = select.poll()
    poll.register(sock, 0)  # only errors, and that the other side is gone
    if not poll.poll(60_000):
        raise TimeoutError("the connection is still there")
    return Answer(0)


def _disconnect_during_upload(sock: socket.socket, request: bytes) -> Answer:
    sock.sendall(request[: len(request) // 2])
    time.sleep(0.1)
    close(sock, reset=sock.fileno() % 2 == 0)
    return Answer(0)


def _disconnect_before_answer(sock: socket.socket, request: bytes) -> Answer:
    sock.sendall(request)
    close(sock, reset=sock.fileno() % 2 == 0)
    return Answer(0)
