"""The services under test: model servers, a client in front of them, and its good photos."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from soak import checks, memory, programs
from soak.good_photos import GoodPhoto, good_photos
from soak.http_bytes import Answer, get
from soak.picture_files import whole_file
from soak.programs import ROOT, CannotSoak, Program
from soak.report import Part
from soak.scripted_upstream import ScriptedUpstream

MODELS = {"color": ROOT / "models" / "color" / "v2", "style": ROOT / "models" / "style"}


@dataclass
class Models:
    """Running model servers by kind, and a gateway in front of them that tells the kinds apart."""

    servers: dict[str, Program]
    gateway: ScriptedUpstream

    @property
    def port(self) -> int:
        """Where all of them are reached: past the gateway where it has nothing to tell apart."""
        return self.gateway.port if len(self.servers) > 1 else self.servers["color"].port


@contextmanager
def models(client: str, folder: Path) -> Iterator[Models]:
    """`python -m serving` for each kind of picture that the client makes, behind one URL."""
    kinds = ("color", "style") if client == "style" else ("color",)
    with ScriptedUpstream() as gateway, ExitStack() as running:
        servers = {
            kind: running.enter_context(
                programs.model_server(MODELS[kind], folder, f"serving-{kind}")
            )
            for kind in kinds
        }
        gateway.forward_to({kind: program.port for kind, program in servers.items()})
        yield Models(servers, gateway)


@dataclass
class ClientUnderTest:
    """A client that a part tries, with its photos and what the part has found so far."""

    kind: str
    program: Program
    photos: list[GoodPhoto]
    part: Part
    ids: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, answer: Answer) -> None:
        """Count an answer, whose request must be in the log."""
        with self.lock:
            self.part.came_back[str(answer.status or "none")] += 1
            if answer.status:
                self.ids.add(answer.headers.get("x-request-id", ""))

    def add_violation(self, line: str) -> None:
        """Tell of something that is not as promised."""
        with self.lock:
            self.part.add_violation(line)

    def metric(self, name: str) -> float:
        """A number of GET /metrics without labels."""
        text = get(self.program.port, "/metrics").body.decode()
        for line in text.splitlines():
            if line.startswith(f"colorway_client_{name} "):
                return float(line.rpartition(" ")[2])
        raise CannotSoak(f"/metrics has no {name}")

    def check_nothing_in_progress(self, when: str) -> None:
        """Within a moment, no photo, pixel or byte of an upload may be in progress any more."""
        for name in ("photos_in_progress", "pixels_in_memory", "upload_bytes_in_memory"):
            deadline = time.monotonic() + 5
            while (value := self.metric(name)) and time.monotonic() < deadline:
                time.sleep(0.1)
            if value:
                self.add_violation(f"{when}: {name} is still {value:g}")

    def check_good_photos(self, when: str) -> None:
        """Send every good photo; what is not right is a violation."""
        for photo in self.photos:
            answer = photo.send(self.program.port)
            self.record(answer)
            if wrong := photo.wrong(answer):
                self.part.add_violation(f"{when}: the good photo {photo.name}: {wrong}")


@contextmanager
def client_under_test(
    kind: str, name: str, upstream_port: int, folder: Path, limit_mb: float, **settings: str
) -> Iterator[ClientUnderTest]:
    """A client with those settings, its good photos, and a part that records what is found; memory
    and log are checked at the end.
    """
    part = Part(kind, name, came_back=Counter(), limit_mb=limit_mb)
    started = time.monotonic()
    with programs.client(kind, upstream_port, folder, **settings) as program:
        photos = good_photos(kind, program.port)
        client = ClientUnderTest(kind, program, photos, part)
        try:
            yield client
        finally:
            part.seconds = time.monotonic() - started
            if program.process.poll() is None and memory.can_measure():
                check_memory(part, program)
    log = program.log.read_text(errors="replace").splitlines()
    sent = [*(photo.file for photo in photos), whole_file("JPEG")]
    for wrong in checks.wrong_log(log, client.ids, sent)[:10]:
        part.add_violation(wrong)


def check_memory(part: Part, program: Program) -> None:
    """Keep the most memory that the program has held; more than the limit is a violation."""
    part.peak_mb = max(part.peak_mb or 0.0, memory.peak_mb(program.pid))
    assert part.limit_mb is not None
    if wrong := checks.too_much_memory(part.peak_mb, part.limit_mb):
        part.add_violation(f"memory: {wrong}")
