"""`promote --when`: a promotion in steps, one line each, that waits for its evidence."""

import argparse
import contextlib
import signal
import threading
from collections.abc import Callable, Sequence

from ..gateway.routes import cluster_name
from ..promotion import CannotPromote
from ..promotion.analysis import Analysis, Outcome
from ..promotion.conditions import Judgment, WinRate
from ..promotion.evidence import GatewayStats, NoEvidence, gateway_stats, votes_report
from ..running.applied_files import admin_port
from .feedback import database_of
from .running_file import RunningFile, difference

_EXIT_CODES: dict[Outcome, int] = {
    "promoted": 0, "back": 1, "refused": 1, "undecided": 3, "stopped": 130,
}  # fmt: skip


def promote_in_steps(
    options: argparse.Namespace,
    file: RunningFile,
    now: int,
    steps: Sequence[int],
    text_with: Callable[[int], str],
) -> int:
    """Take the steps as the conditions of `--when` allow; the exit code.

    The predictor has `now` percent, and `text_with(percent)` is the file with another share.
    Raises CannotPromote where the evidence can never come, or where somebody else changes what runs
    meanwhile.
    """
    first, evidence = file.text, _Evidence(options, file)

    def move(percent: int) -> bool:
        return _apply(file, text_with(percent))

    stop = threading.Event()
    # So that a change which is under way is made, in the file and in what runs; once more: at once.
    before = signal.signal(signal.SIGINT, lambda *_: _ask_to_stop(stop))
    try:
        outcome = Analysis(
            evidence.evaluate, evidence.mark, move, lambda: _apply(file, first), stop.wait, _say,
            options.interval, options.timeout,
        ).run(now, steps)  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, before)
    _say(_outcome_text(outcome, options, file))
    return _EXIT_CODES[outcome]


def _ask_to_stop(stop: threading.Event) -> None:
    stop.set()
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _outcome_text(outcome: Outcome, options: argparse.Namespace, file: RunningFile) -> str:
    stays = f"what runs stays as it is, and so does {file.path}"
    return {
        "promoted": f"{options.predictor} is promoted.",
        "back": f"Gone back: {options.predictor} has what it had before.",
        "refused": f"Not moved: {stays}.",
        "undecided": f"No evidence within {options.timeout:g} s: {stays}.",
        "stopped": f"Stopped: {stays}.",
    }[outcome]


def _say(text: str) -> None:
    print(text, flush=True)


def _apply(file: RunningFile, text: str) -> bool:
    """Change the file and what runs; of what the `up` says only what is wrong is repeated."""
    if text == file.text:
        return True
    lines: list[str] = []
    diff = difference(file.path, file.text, text)
    applied = file.apply(text, lambda line, _: lines.append(line))
    _say(diff.rstrip("\n") if applied else "\n".join(lines))
    return applied


class _Evidence:
    """What the conditions are judged by, of the component and predictor that are promoted."""

    def __init__(self, options: argparse.Namespace, file: RunningFile):
        rows = file.state.rows()
        own = [row for row in rows if row.application == file.application]
        component = next(row for row in own if row.component == options.component)
        self._cluster = cluster_name(component.namespace, options.component, options.predictor)
        self._conditions = options.when
        self._file = file
        self._before = GatewayStats()
        self._database = ""
        if any(isinstance(each, WinRate) for each in options.when):
            # The clients may be another Application's.
            candidates = own if any(row.module for row in own) else rows
            self._database = database_of(candidates, file.application)
        port = admin_port(file.state)
        if port is None:
            raise CannotPromote("no gateway runs, so there is no traffic to move")
        self._port = port

    def mark(self) -> None:
        """Count from now on, or as before where the gateway does not answer."""
        with contextlib.suppress(NoEvidence):
            self._before = gateway_stats(self._port, self._cluster)

    def evaluate(self) -> list[Judgment]:
        """Judge every condition. Raises NoEvidence, CannotPromote."""
        self._file.check()
        report = votes_report(self._database) if self._database else {}
        stats = gateway_stats(self._port, self._cluster).since(self._before)
        return [each.judge(report, stats) for each in self._conditions]
