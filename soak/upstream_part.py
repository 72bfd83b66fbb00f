"""A model that is down, slow, flapping, killed and restarted, while callers keep sending photos."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from soak import checks, limits
from soak.good_photos import GoodPhoto, good_photos
from soak.programs import PREDICT_PATH
from soak.scripted_upstream import flapping, flat, slow
from soak.services import ClientUnderTest, Models, client_under_test

TIMEOUT_S = 2.0
IN_PROGRESS = 8
CALLERS = 3 * IN_PROGRESS
PHASE_S = 3.0
# After the model is back, everything must work again within this time.
RECOVERED_WITHIN_S = 3.0


def soak(kind: str, models: Models, folder: Path, log: Callable[[str], None]) -> ClientUnderTest:
    """Try a client with TIMEOUT_S of 2 s and eight photos in progress."""
    gateway = models.gateway
    ports = {name: server.port for name, server in models.servers.items()}
    limit = limits.memory_mb(max_in_progress=IN_PROGRESS)
    settings = {"TIMEOUT_S": f"{TIMEOUT_S:g}", "MAX_IN_PROGRESS": str(IN_PROGRESS)}
    with client_under_test(kind, "upstream", gateway.port, folder, limit, **settings) as client:
        real = client.photos
        try:
            gateway.set_behavior(flat)
            scripted = good_photos(kind, client.program.port)
            client.part.sent = (
                f"photos of {CALLERS} callers, {IN_PROGRESS} in progress at most, to a model that "
                "is down, slow, flapping, killed and started again"
            )
            callers = _Callers(client, scripted)
            log(f"{kind}: a model that is down, slow, flapping")
            gateway.count()  # forget what was before
            with callers:
                callers.phase("up", {200})
                gateway.down()
                callers.phase("down", {503})
                gateway.up()
                callers.recover("down")
                gateway.set_behavior(slow(60))
                callers.phase("slow", {503, 504}, slowest=TIMEOUT_S)
                gateway.set_behavior(flat)
                callers.recover("slow")
                gateway.set_behavior(flapping(0.3))
                callers.phase("flapping", {200, 502, 503})
                gateway.set_behavior(flat)
                callers.recover("flapping")
                most, served = gateway.count()
            client.part.notes.append(
                f"{served:,} exchanges with the scripted model, {most} at once at most"
            )
            if most > IN_PROGRESS:
                client.add_violation(
                    f"a stampede: {most} exchanges at once, {IN_PROGRESS} are in progress"
                )
            gateway.forward_to(ports)
            _kill_and_restart(client, models, real, log)
        finally:
            gateway.up()
            gateway.forward_to(ports)
        client.check_nothing_in_progress("in the end")
    return client


def _kill_and_restart(
    client: ClientUnderTest, models: Models, photos: list[GoodPhoto], log: Callable[[str], None]
) -> None:
    server = models.servers[client.kind]
    log(f"{client.kind}: the model server is killed and started again")
    callers = _Callers(client, photos)
    with callers:
        # The network is at its limit: some photos take longer than TIMEOUT_S.
        callers.phase("model server", {200, 504})
        server.kill()
        callers.phase("model server killed", {503})
        server.restart()
        callers.phase("model server starting", {200, 503, 504}, check=False)
        server.wait_until_ready(PREDICT_PATH.removesuffix(":predict"))
        callers.phase("model server back", {200, 503, 504}, check=False)
    client.check_good_photos("after the model server came back")


class _Callers:
    """Callers who keep sending photos; each answer must be one that the phase allows."""

    def __init__(self, client: ClientUnderTest, photos: Sequence[GoodPhoto]):
        self.client = client
        self.photos = photos
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._name = "start"
        self._allowed: set[int] = {200}
        self._slowest = 60.0
        self._check = False
        self._seen: dict[int, int] = {}
        self._crowd = [threading.Thread(target=self._call, args=(n,)) for n in range(CALLERS)]

    def __enter__(self) -> None:
        for thread in self._crowd:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._crowd:
            thread.join()

    def phase(
        self, name: str, allowed: set[int], *, slowest: float = 30.0, check: bool = True
    ) -> None:
        """A time in which only these statuses, and the refusal when too many ask, may come back.

        What was asked before is let go first.
        """
        self._set("between", {200, 502, 503, 504}, 60.0, False)
        time.sleep(TIMEOUT_S + 1)
        self._set(name, allowed, slowest, check)
        time.sleep(PHASE_S)
        with self._lock:
            seen = dict(self._seen)
        if check and not set(seen) & allowed - {503} and allowed != {503}:
            self.client.add_violation(f"{name}: only {seen} came back")

    def recover(self, after: str) -> None:
        """The model is right again: soon all the answers are."""
        self._set(f"recovery after {after}", {200, 502, 503, 504}, 60.0, False)
        time.sleep(RECOVERED_WITHIN_S)
        self._set(f"after {after}", {200}, TIMEOUT_S, True)
        time.sleep(PHASE_S / 2)
        with self._lock:
            if not self._seen.get(200):
                self.client.add_violation(f"after {after}: no photo came back right")

    def _set(self, name: str, allowed: set[int], slowest: float, check: bool) -> None:
        with self._lock:
            self._name, self._allowed, self._slowest = name, allowed, slowest
            self._check, self._seen = check, {}

    def _call(self, number: int) -> None:
        photo = self.photos[number % len(self.photos)]
        while not self._over.is_set():
            with self._lock:
                before = self._name
            answer = photo.send(self.client.program.port)
            self.client.record(answer)
            with self._lock:
                name, allowed, slowest, check = (
                    self._name, self._allowed, self._slowest, self._check,
                )  # fmt: skip
                self._seen[answer.status] = self._seen.get(answer.status, 0) + 1
            refused = b"photos are in progress already" in answer.body
            wrong = ""
            if answer.status == 200:
                wrong = photo.wrong(answer)
            elif answer.status not in (502, 503, 504):
                wrong = f"answered {answer.status} {answer.error}"
            else:
                wrong = checks.wrong_problem(answer)
            if check and name == before and not wrong:
                if answer.status not in allowed and not refused:
                    wrong = f"answered {answer.status}: {answer.body[:200].decode()}"
                elif answer.seconds > slowest + limits.AT_ONCE_S:
                    wrong = f"answered after {answer.seconds:.1f} s"
            if wrong:
                self.client.add_violation(f"{name}: {wrong}")
            if answer.status == 503:
                # Sooner than Retry-After asks for: callers are not all polite.
                self._over.wait(0.1)
