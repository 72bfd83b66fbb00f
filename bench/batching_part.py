"""Would batching be faster? Batches beside single calls, in one process, on all cores.

A single call already uses all cores. A batch is faster only if it makes more predictions per second
than single calls do, one after another or as many at once as there are cores.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.closed_loop import Loop
from bench.network_alone import network_alone
from bench.predict_request import make_request
from bench.report import PartResult, Table, p50

BATCHES = (1, 2, 4, 8)
PICTURES = 8  # in each turn of each way


def measure(model: Path, rounds: int, log: Callable[[str], None]) -> PartResult:
    """Time so many rounds of every way. Raises CannotMeasure."""
    request, cores = make_request(), os.cpu_count() or 1
    with network_alone(model) as network:
        log("batching: loading the model")
        network.wait_until_ready()
        asks: dict[str, Callable[..., Loop]] = {
            "packed": partial(network.packed, request.l_png),
            "serving_default": partial(network.serving_default, request.lightness),
        }
        rates: dict[str, dict[str, list[float]]] = {}
        for number in range(-1, rounds):
            log(f"batching: round {number + 1} of {rounds}" if number >= 0 else "warming up")
            for signature, ask in asks.items():
                for name, loop in _call_modes(cores).items():
                    found = ask(**loop, untimed=1)
                    if number >= 0:
                        rate = loop["batch"] * len(found.calls) / found.wall
                        rates.setdefault(name, {}).setdefault(signature, []).append(rate)
    rows = [
        [name, *(f"{p50(seconds):.1f}" for seconds in by_signature.values())]
        for name, by_signature in rates.items()
    ]
    title = f"Pictures per second in process, 256×256, {cores} cores"
    table = Table(title, ["", *(f"`{signature}`" for signature in asks)], rows)
    return PartResult([table], numbers={"pictures_per_second": rates})


def _call_modes(cores: int) -> dict[str, dict[str, int]]:
    """The closed loops that are compared, by their names."""
    ways = {f"batches of {b}": {"batch": b, "calls": PICTURES // b} for b in BATCHES}
    together = {"batch": 1, "callers": cores, "calls": max(1, PICTURES // cores)}
    return {"one at a time": ways.pop("batches of 1"), f"{cores} at once": together, **ways}
