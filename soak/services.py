"""The services that the parts try: model servers, a client in front of them, its good photos."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from soak import checks, memory, programs
from soak.good_photos import GoodPhoto, good_photos
from soak.programs import ROOT, Program
from soak.report import Part
from soak.scripted_upstream import ScriptedUpstream

MODELS = {"color": ROOT / "models" / "color" / "v2", "style": ROOT / "models" / "style"}


@dataclass
class Models:
    """Running model servers by kind, and a gateway in front of them that tells the kinds apart."""

    servers: dict[str, Program]
    gateway: ScriptedUpstream


@contextmanager
def models(client: str, folder: Path) -> Iterator[Models]:
    """`python -m serving` for each kind of picture that the client makes, behind one URL."""
    kinds = ("color", "style") if client == "style" else ("color",)
    with ScriptedUpstream() as gateway:
        servers = {}
        open_ones = []
        try:
            for kind in kinds:
                server = programs.model_server(MODELS[kind], folder, f"serving-{kind}")
                servers[kind] = server.__enter__()
                open_ones.append(server)
            gateway.pass_on({kind: program.port for kind, program in servers.items()})
            yield Models(servers, gateway)
        finally:
            for server in reversed(open_ones):
                server.__exit__(None, None, None)


@dataclass
class Tried:
    """A client that a part tries, with its photos and what the part has found so far."""

    kind: str
    program: Program
    photos: list[GoodPhoto]
    part: Part

    def check_good_photos(self, when: str) -> None:
        """Send every good photo; what is not right is a violation."""
        for photo in self.photos:
            answer = photo.send(self.program.port)
            self.part.came_back[str(answer.status or "none")] += 1
            if wrong := photo.wrong(answer):
                self.part.violated(f"{when}: the good photo {photo.name}: {wrong}")


@contextmanager
def tried(
    kind: str, name: str, upstream_port: int, folder: Path, limit_mb: float, **settings: str
) -> Iterator[Tried]:
    """A client with those settings, its good photos, and a part to tell of what is found; memory
    and log are looked at in the end.
    """
    part = Part(kind, name, came_back=Counter(), limit_mb=limit_mb)
    started = time.monotonic()
    with programs.client(kind, upstream_port, folder, **settings) as program:
        photos = good_photos(kind, program.port)
        try:
            yield Tried(kind, program, photos, part)
        finally:
            part.seconds = time.monotonic() - started
            if program.process.poll() is None and memory.can_measure():
                look_at_memory(part, program)
    log = program.log.read_text(errors="replace").splitlines()
    for wrong in checks.wrong_log(log, [photo.file for photo in photos])[:10]:
        part.violated(wrong)


def look_at_memory(part: Part, program: Program) -> None:
    """Keep the most memory that the program has held; more than the limit is a violation."""
    part.peak_mb = max(part.peak_mb or 0.0, memory.peak_mb(program.pid))
    assert part.limit_mb is not None
    if wrong := checks.too_much_memory(part.peak_mb, part.limit_mb):
        part.violated(f"memory: {wrong}")
