"""The model server beside the network alone, itself with another JSON codec, and LitServe.

All of them run the same SavedModel on the same core, and the load comes from another core. All
programs run during the whole measurement and take turns, in a different order in every round, so
that other work on the machine affects them alike; only one of them works at a time.
"""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.closed_loop import Loop
from bench.cores import choose_cores
from bench.json_work import BothWays
from bench.memory import memory_of
from bench.network_alone import network_alone
from bench.network_process import newest_version
from bench.peer_environment import peer_program, peer_python
from bench.predict_request import Server, make_request
from bench.report import CannotMeasure, PartResult
from bench.service import running
from bench.serving_report import CALLERS, Findings, result
from local.ports import free_port
from local.running.color_service import MODEL_NAME
from local.running.program import Program

WARM_UP_ROUNDS = 2
# In each round and for each caller, after one call that is not timed.
CALLS_ALONE = 3
CALLS_TOGETHER = 6
# Two servers may differ in the last digits of a* and b*, which are in -1…1.
TOLERANCE = 1e-4


@dataclass
class Variant:
    """One way to an answer, and what it took."""

    ask: Callable[..., Loop]
    # Whether several callers at once are measured as well.
    with_callers: bool = False
    # Seconds of each call of a single caller.
    alone: list[float] = field(default_factory=list)
    # CALLERS at once, one loop for each round.
    together: list[Loop] = field(default_factory=list)

    def run_round(self, keep: bool) -> None:
        """One round of this way."""
        alone = self.ask(calls=CALLS_ALONE)
        together = [self.ask(callers=CALLERS, calls=CALLS_TOGETHER)] if self.with_callers else []
        if keep:
            self.alone += alone.calls
            self.together += together


def measure(
    model: Path, repeats: int, log: Callable[[str], None], *, with_peer: bool = True
) -> PartResult:
    """Measure so many rounds; a peer that cannot be installed is left out, and a note says so.

    Raises CannotMeasure if a program does not start, does not answer, or answers otherwise than
    the others.
    """
    cores = choose_cores()
    notes = [cores.note]
    programs = {
        "server": _model_server("serving", model),
        "stdlib": _model_server("bench.stdlib_json_server", model),
    }
    if with_peer:
        try:
            programs["litserve"] = peer_program(peer_python(log), newest_version(model))
        except CannotMeasure as error:
            notes.append(f"No peer is measured: {error}")
    request = make_request()
    with ExitStack() as stack:
        stack.enter_context(cores.generating_load())
        log("starting the network alone and the servers")
        network = stack.enter_context(network_alone(model, cores))
        network.wait_until_ready()
        # One after another, as they share a core.
        children = {
            name: stack.enter_context(running(cores.program(program)))[0]
            for name, (program, _) in programs.items()
        }
        servers = {name: server for name, (_, server) in programs.items()}
        variants = {
            "network_packed": Variant(partial(network.packed, request.l_png, untimed=1), True),
            "server_packed": Variant(partial(servers["server"].loop, request.packed), True),
            "network_floats": Variant(
                partial(network.serving_default, request.lightness, untimed=1)
            ),
        }
        for name, server in servers.items():
            variants[f"{name}_floats"] = Variant(partial(server.loop, request.floats))

        findings = Findings(
            {name: variant.alone for name, variant in variants.items()},
            {name: variant.together for name, variant in variants.items() if variant.with_callers},
            {name: len(getattr(request, name)) for name in ("packed", "floats")},
            notes,
        )

        def record_memory() -> None:
            findings.memory["network"].append(memory_of(network.pid))
            # Its guard is the bench's, not the server's.
            server = memory_of(children["server"].pid, without_itself=True)
            findings.memory["server"].append(server)

        record_memory()
        json_work = BothWays(request.floats, _same_answer(servers, request.floats))
        json_work.check()
        for number in range(-WARM_UP_ROUNDS, repeats):
            log(f"round {number + 1} of {repeats}" if number >= 0 else "warming up")
            first = number % len(variants)
            order = list(variants.values())
            for variant in order[first:] + order[:first]:
                variant.run_round(keep=number >= 0)
            if number >= 0:
                json_work.measure_once()
        record_memory()
    findings.json_work = {"server": json_work.ours, "stdlib": json_work.stdlib}
    return result(findings)


def _model_server(module: str, model: Path) -> tuple[Program, Server]:
    port = free_port()
    path = f"/v1/models/{MODEL_NAME}"
    command = (
        *(sys.executable, "-m", module),
        *("--rest_api_port", str(port)),
        *("--model_name", MODEL_NAME),
        *("--model_base_path", str(model)),
    )
    program = Program(module, command, ready_url=f"http://127.0.0.1:{port}{path}")
    return program, Server(module, port, f"{path}:predict")


def _same_answer(servers: dict[str, Server], request: bytes) -> NDArray[np.float32]:
    """What all servers answer, [1,H,W,2]; raises CannotMeasure unless it is the same."""
    answers = {name: np.array(each.predictions(request)) for name, each in servers.items()}
    expected = answers["server"]
    for name, answer in answers.items():
        if answer.shape != expected.shape or not np.allclose(answer, expected, atol=TOLERANCE):
            raise CannotMeasure(f"{servers[name].name} answers otherwise than the model server")
    return expected.astype(np.float32)
