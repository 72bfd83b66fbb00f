"""SIGTERM under load: accepted requests are answered, later ones are refused."""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from soak import limits
from soak.good_photos import GoodPhoto, good_photos
from soak.http_bytes import Answer, exchange, read_answer
from soak.scripted_upstream import flat, slow
from soak.services import ClientUnderTest, Models, client_under_test

ROUNDS = 2
SENDING = 40
UPLOADING = 10
IDLE = 5
CONNECTING = 4
MODEL_S = 1.0
ENDED_WITHIN_S = 20.0


def soak(kind: str, models: Models, folder: Path, log: Callable[[str], None]) -> ClientUnderTest:
    """Stop a client, several times, under full load."""
    ports = {name: server.port for name, server in models.servers.items()}
    gateway = models.gateway
    gateway.set_behavior(flat)
    limit = limits.memory_mb()
    rounds: list[ClientUnderTest] = []
    try:
        for number in range(ROUNDS):
            log(f"{kind}: SIGTERM under load, {number + 1} of {ROUNDS}")
            with client_under_test(kind, "shutdown", gateway.port, folder, limit) as client:
                gateway.set_behavior(slow(MODEL_S))
                _Round(client, good_photos(kind, client.program.port, count=2)).run()
            gateway.set_behavior(flat)
            rounds.append(client)
    finally:
        gateway.forward_to(ports)
    whole = rounds.pop()
    for each in rounds:
        _add(whole, each)
    whole.part.sent = (
        f"{ROUNDS} times SIGTERM amid {SENDING} photos in progress, {UPLOADING} on their way, "
        f"{IDLE} idle connections and callers who keep coming"
    )
    return whole


def _add(whole: ClientUnderTest, other: ClientUnderTest) -> None:
    part, more = whole.part, other.part
    part.came_back += more.came_back
    part.violations = more.violations + part.violations
    part.notes = more.notes + part.notes
    part.seconds += more.seconds


class _Round:
    def __init__(self, client: ClientUnderTest, photos: list[GoodPhoto]):
        self.client = client
        self.photos = photos
        self.terminated = threading.Event()
        self.terminated_at = float("inf")
        self.over = threading.Event()
        self.refused = 0
        self.lost = 0

    def run(self) -> None:
        """Keep it busy, send SIGTERM, and check what becomes of each request."""
        port, process = self.client.program.port, self.client.program.process
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(IDLE)]
        crowd = [threading.Thread(target=self._upload_slowly) for _ in range(UPLOADING)]
        crowd += [threading.Thread(target=self._send_photo, args=(n,)) for n in range(SENDING)]
        for thread in crowd:
            thread.start()
        while self.client.metric("photos_in_progress") < SENDING + UPLOADING - 2:
            if all(not thread.is_alive() for thread in crowd):
                break
            time.sleep(0.02)
        connecting = [threading.Thread(target=self._keep_connecting) for _ in range(CONNECTING)]
        for thread in connecting:
            thread.start()
        time.sleep(0.2)
        started = self.terminated_at = time.monotonic()
        self.client.program.ask_to_stop()
        self.terminated.set()
        for thread in crowd:
            thread.join()
        try:
            code = process.wait(ENDED_WITHIN_S)
        except Exception:
            self.client.add_violation(f"it still runs {ENDED_WITHIN_S:g} s after SIGTERM")
            code = 0
        self.over.set()
        for thread in connecting:
            thread.join()
        for sock in idle:
            sock.close()
        if code:
            self.client.add_violation(f"it ended with exit code {code}")
        # At the very end, each may lose one connection that was accepted just before the exit.
        if self.lost > CONNECTING:
            self.client.add_violation(
                f"{self.lost} connections were accepted after SIGTERM, and lost"
            )
        if not self.refused:
            self.client.add_violation("no connection was refused")
        self.client.part.notes.append(f"ended {time.monotonic() - started:.1f} s after SIGTERM")

    def _send_photo(self, number: int) -> None:
        photo = self.photos[number % len(self.photos)]
        self._check(photo, photo.send(self.client.program.port), "a photo in progress")

    def _upload_slowly(self) -> None:
        """Half before SIGTERM, half a second after it."""
        photo = self.photos[0]
        half = len(photo.request_bytes) // 2
        started = time.monotonic()
        try:
            with socket.create_connection(("127.0.0.1", self.client.program.port)) as sock:
                sock.sendall(photo.request_bytes[:half])
                self.terminated.wait(60)
                time.sleep(0.5)
                sock.sendall(photo.request_bytes[half:])
                answer = read_answer(sock, started, 60)
        except OSError as error:
            answer = Answer(0, error=str(error))
        self._check(photo, answer, "a photo on its way")

    def _keep_connecting(self) -> None:
        """Health checks on connections of their own: answered, or refused; never lost."""
        request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        while not self.over.is_set():
            started = time.monotonic()
            try:
                answer = exchange(self.client.program.port, request)
            except ConnectionRefusedError:
                answer = Answer(0, error="ConnectionRefusedError")
            if answer.error == "ConnectionRefusedError":
                self.refused += 1
                if started < self.terminated_at:
                    self.client.add_violation("a connection was refused before SIGTERM")
                self.over.wait(0.05)
                continue
            self.client.record(answer)
            if answer.status != 200 and started < self.terminated_at:
                self.client.add_violation(f"/healthz, accepted: {answer.status} {answer.error}")
            elif answer.status != 200:
                self.lost += 1
            elif answer.status == 200 and started > self.terminated_at + limits.AT_ONCE_S:
                self.client.add_violation("a connection was accepted long after SIGTERM")
            time.sleep(0.01)

    def _check(self, photo: GoodPhoto, answer: Answer, what: str) -> None:
        self.client.record(answer)
        if wrong := photo.wrong(answer):
            self.client.add_violation(f"{what} when SIGTERM came: {wrong}")
