"""A client as a process of its own, and a storm of votes on it."""

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import requests

from feedback.receipts import Receipts
from local.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "the key of the storm"
_CALLERS = 8


@contextmanager
def running_client(db: str, log: Path, **more: str):
    """A color client that keeps votes there, with `more` settings: its process and its address."""
    port = free_port()
    settings = {"FEEDBACK_DB": db, "SECRET_KEY": KEY, "FEEDBACK_PER_MINUTE": "1000000", **more}
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "color_client"],
            env={**os.environ, **settings, "HOST": "127.0.0.1", "PORT": str(port)},
            cwd=ROOT, stdout=file, stderr=file,
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 180
        while not _answers(address):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield process, address
    finally:
        process.kill()
        process.wait()


def _answers(address: str) -> bool:
    try:
        return requests.get(address + "/healthz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


class Storm:
    """Ratings, one after another from each of several callers, until it is over."""

    def __init__(self, address: str):
        self.address = address
        self.receipts = Receipts(KEY)
        self.answered: set[str] = set()
        self.refused: set[int] = set()
        self._over = threading.Event()
        self._callers = [threading.Thread(target=self._call) for _ in range(_CALLERS)]
        for caller in self._callers:
            caller.start()

    def _call(self) -> None:
        with requests.Session() as session:
            while not self._over.is_set():
                self._vote(session)

    def _vote(self, session: requests.Session) -> None:
        receipt = self.receipts.issue(
            b"photo", request_id="storm", route="color", model="color/v1", options={}
        )
        try:
            vote = {"receipt": receipt, "rating": 1}
            status = session.post(self.address + "/feedback", json=vote, timeout=20).status_code
        except requests.RequestException:
            return
        if status == 200:
            self.answered.add(self.receipts.read(receipt).id)
        else:
            self.refused.add(status)

    def wait_for(self, votes: int) -> None:
        """Wait until so many are answered."""
        deadline = time.monotonic() + 240
        while len(self.answered) < votes:
            assert time.monotonic() < deadline, (len(self.answered), self.refused)
            time.sleep(0.01)

    def end(self) -> None:
        """Let the callers go."""
        self._over.set()
        for caller in self._callers:
            caller.join()
