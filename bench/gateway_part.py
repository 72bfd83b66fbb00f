"""The time that the gateway adds: a photo to the same model server, directly and through Envoy.

Two color clients differ only in their predict URL: one names the model server, the other a route at
the gateway, as `local up` writes it. They take turns as in client_part, each with an untimed call
first.
"""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bench.photos import make_photo
from bench.predict_request import Server, make_request
from bench.report import CannotMeasure, Goal, PartResult, Table, ms, p50, p95
from bench.service import color, running
from local.gateway.envoy import configuration
from local.gateway.routes import Cluster, Route, address
from local.ports import free_port
from local.running.color_service import MODEL_NAME, ColorService
from local.running.gateway import NoEnvoy, find_envoy, gateway_program
from local.running.program import Program

PHOTO = "400x400"
WARM_UP_ROUNDS = 2
ADDED_GOAL = 0.05


@dataclass
class Variant:
    """One way to the model server, and the seconds of each request of either kind."""

    server: Server
    client_url: str
    photos: list[float] = field(default_factory=list)
    predictions: list[float] = field(default_factory=list)


def measure(model: Path, repeats: int, log: Callable[[str], None]) -> PartResult:
    """Measure both ways so many rounds.

    Raises CannotMeasure if there is no Envoy, or a program does not start or answer.
    """
    service = ColorService(model, port=free_port(), model_port=free_port())
    gateway_port, second_port = free_port(), free_port()
    path = f"/v1/models/{MODEL_NAME}"
    route = f"{address('default', 'bench').rstrip('/')}{path}"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-gateway-")))
        gateway = _gateway(folder, gateway_port, service.model_port, path)
        second = _second_client(service, second_port, f"http://127.0.0.1:{gateway_port}{route}")
        log("starting the servers")
        # In this order: the gateway asks a model server that is up, and the client the gateway.
        for program in (service.programs[0], gateway, service.programs[1], second):
            stack.enter_context(running(program))
        variants = {
            "direct": Variant(
                Server("direct", service.model_port, f"{path}:predict"),
                f"http://127.0.0.1:{service.port}/predict",
            ),
            "gateway": Variant(
                Server("gateway", gateway_port, f"{route}:predict"),
                f"http://127.0.0.1:{second_port}/predict",
            ),
        }
        photo, request = make_photo(PHOTO), make_request()
        for number in range(-WARM_UP_ROUNDS, repeats):
            log(f"round {number + 1} of {repeats}" if number >= 0 else "warming up")
            order = list(variants.values())
            for variant in order if number % 2 else reversed(order):
                color(variant.client_url, photo.jpeg)
                seconds = color(variant.client_url, photo.jpeg).seconds
                predictions = variant.server.loop(request.packed, calls=3).calls
                if number >= 0:
                    variant.photos.append(seconds)
                    variant.predictions += predictions
    return _result(variants)


def _gateway(folder: Path, port: int, model_port: int, status_path: str) -> Program:
    """Envoy with one deployment, `bench`."""
    admin_port = free_port()
    routes = [Route(address("default", "bench"), (("model", 100),))]
    clusters = [Cluster("model", (model_port,), status_path)]
    file = folder / "envoy.yaml"
    file.write_text(yaml.safe_dump(configuration(routes, clusters, port, admin_port)))
    try:
        return gateway_program(find_envoy(), file, admin_port)
    except NoEnvoy as error:
        raise CannotMeasure(str(error)) from None


def _second_client(service: ColorService, port: int, model_url: str) -> Program:
    client = service.programs[1]
    return Program(
        "color_client behind the gateway",
        client.command,
        {**client.environment, "PORT": str(port), "URL": f"{model_url}:predict"},
        ready_url=f"http://127.0.0.1:{port}/readyz",
    )


def _result(variants: dict[str, Variant]) -> PartResult:
    direct, gateway = variants["direct"], variants["gateway"]

    def row(name: str, without: list[float], through: list[float]) -> list[str]:
        cells = [f"{ms(p50(each))} / {ms(p95(each))}" for each in (without, through)]
        return [name, *cells, f"{p50(through) / p50(without) - 1:+.1%}"]

    table = Table(
        "The gateway (ms, p50 / p95)",
        ["", "model server directly", "through the gateway", "p50"],
        [
            row("**photo of 400×400**, POST /predict", direct.photos, gateway.photos),
            row("predict request, `packed` 256×256", direct.predictions, gateway.predictions),
        ],
    )
    added = p50(gateway.photos) / p50(direct.photos) - 1
    goal = Goal(
        f"the gateway adds at most {ADDED_GOAL:.0%} to a photo",
        f"{ms(p50(direct.photos))} ms to {ms(p50(gateway.photos))} ms, {added:+.1%}",
        added <= ADDED_GOAL,
    )
    seconds = {
        name: {"photos": variant.photos, "predictions": variant.predictions}
        for name, variant in variants.items()
    }
    return PartResult([table], goals=[goal], numbers={"seconds": seconds})
