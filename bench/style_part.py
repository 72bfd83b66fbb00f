"""Painting a photo in a style: the service end to end, with each signature of the model.

Two model servers, one with the model as it is and one with only its `serving_default`, each with a
style client in front, take turns as in bench.client_part. The two do not paint at the same size: as
floats a photo is sent at 384 pixels at most, as PNG at the client's `MAX_SIDE`.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.client_part import WARM_UP_ROUNDS
from bench.counting_proxy import CountingProxy
from bench.photos import Photo, make_photo
from bench.report import CannotMeasure, PartResult, Table, ms, p50, p95
from bench.run_command import output_of
from bench.service import color, running
from local.ports import free_port
from local.running.color_service import MODEL_NAME
from local.running.program import Program

STYLE_PICTURE = Path(__file__).resolve().parent.parent / "samples" / "styles" / "waves.jpg"
SIGNATURES = ("packed", "serving_default")


@dataclass(frozen=True)
class StyleService:
    """A model server, a style client that asks it, and one that asks it through `proxy_port`."""

    model: Path
    model_port: int
    client_port: int
    counted_port: int
    proxy_port: int

    @property
    def programs(self) -> list[Program]:
        """The three programs."""
        status = f"/v1/models/{MODEL_NAME}"
        serving = (
            *(sys.executable, "-m", "serving"),
            *("--rest_api_port", str(self.model_port)),
            *("--model_name", MODEL_NAME),
            *("--model_base_path", str(self.model)),
        )
        ready_url = f"http://127.0.0.1:{self.model_port}{status}"
        clients = [
            Program(
                "style_client",
                (sys.executable, "-m", "style_client"),
                {
                    "URL": f"http://127.0.0.1:{model_port}{status}:predict",
                    "HOST": "127.0.0.1",
                    "PORT": str(port),
                    "TIMEOUT_S": "60",
                },
                ready_url=f"http://127.0.0.1:{port}/readyz",
            )
            for port, model_port in (
                (self.client_port, self.model_port),
                (self.counted_port, self.proxy_port),
            )
        ]
        return [Program("serving", serving, ready_url=ready_url), *clients]


@dataclass
class Samples:
    """What was measured for one photo by one signature; times in seconds, one for each round."""

    photo: Photo
    signature: str
    end_to_end: list[float] = field(default_factory=list)
    stages: dict[str, list[float]] = field(default_factory=dict)
    # To the model server and back, for one photo.
    wire_bytes: tuple[int, int] = (0, 0)
    model: str = ""


def measure(
    model: Path, photo_names: Sequence[str], repeats: int, log: Callable[[str], None]
) -> PartResult:
    """Measure the photos of these names (see bench.photos) `repeats` times.

    Raises CannotMeasure if a program of ours does not start or does not answer.
    """
    style = STYLE_PICTURE.read_bytes()
    photos = [make_photo(name) for name in photo_names]
    every = [Samples(photo, signature) for photo in photos for signature in SIGNATURES]
    with ExitStack() as stack:
        log("style: writing the model with serving_default alone")
        plain = stack.enter_context(_plain_model(model))
        services, proxies = {}, {}
        log("style: starting the servers")
        for signature, folder in zip(SIGNATURES, (model, plain), strict=True):
            port = free_port()
            proxy = proxies[signature] = stack.enter_context(CountingProxy(port))
            service = StyleService(folder, port, free_port(), free_port(), proxy.port)
            stack.enter_context(running(*service.programs))
            services[signature] = service
        log("style: counting bytes")
        for samples in every:
            service, proxy = services[samples.signature], proxies[samples.signature]
            # The first request of the client without `packed` tries it and falls back.
            for _ in range(2):
                proxy.reset()
                color(_url(service.counted_port), samples.photo.jpeg, style)
            samples.wire_bytes = len(proxy.sent), len(proxy.received)
            _check_signature(bytes(proxy.sent), samples.signature)
        for number in range(-WARM_UP_ROUNDS, repeats):
            log(f"style: round {number + 1} of {repeats}" if number >= 0 else "style: warming up")
            for samples in every:
                _measure_once(services[samples.signature], samples, style, keep=number >= 0)
    return _result(every)


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}/predict"


@contextmanager
def _plain_model(model: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        output_of(
            [sys.executable, "-m", "bench.plain_model", str(model), folder],
            "the model with serving_default alone was not written",
        )
        yield Path(folder)


def _check_signature(request: bytes, signature: str) -> None:
    if (b'"signature_name":"packed"' in request[:4096]) != (signature == "packed"):
        raise CannotMeasure(f"the client did not ask for the signature `{signature}`")


def _measure_once(service: StyleService, samples: Samples, style: bytes, keep: bool) -> None:
    url = _url(service.client_port)
    color(url, samples.photo.jpeg, style)
    painted = color(url, samples.photo.jpeg, style)
    if not keep:
        return
    samples.model = painted.model
    samples.end_to_end.append(painted.seconds)
    for name, seconds in painted.stages.items():
        samples.stages.setdefault(name, []).append(seconds)


def _result(every: list[Samples]) -> PartResult:
    def row(name: str, show: Callable[[Samples], str]) -> list[str]:
        return [name, *(show(samples) for samples in every)]

    def percentiles(seconds: Sequence[float]) -> str:
        return f"{ms(p50(seconds))} / {ms(p95(seconds))}"

    names = list(dict.fromkeys(name for samples in every for name in samples.stages))
    columns = [f"{s.photo.image.width}×{s.photo.image.height} `{s.signature}`" for s in every]
    table = Table(
        "Photo and style picture to painting (ms, p50 / p95; stages by Server-Timing)",
        ["", *columns],
        [
            row("**end to end**, POST /predict", lambda s: percentiles(s.end_to_end)),
            *(
                row(name, lambda s, name=name: percentiles(s.stages[name]))  # type: ignore[misc]
                for name in names
            ),
            row(
                "kB to the model server + back",
                lambda s: " + ".join(f"{count / 1e3:,.1f}" for count in s.wire_bytes),
            ),
        ],
    )
    note = (
        f"Model {every[0].model}, {len(every[0].end_to_end)} rounds. `packed` paints at the "
        "client's default size, `serving_default` at 384 pixels at most."
    )
    return PartResult([table], [note], numbers=_numbers(every))


def _numbers(every: list[Samples]) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for samples in every:
        numbers.setdefault(samples.photo.name, {})[samples.signature] = {
            "size": list(samples.photo.image.size),
            "model": samples.model,
            "seconds": {"end_to_end": samples.end_to_end, "stages": samples.stages},
            "wire_bytes": {"sent": samples.wire_bytes[0], "received": samples.wire_bytes[1]},
        }
    return numbers
