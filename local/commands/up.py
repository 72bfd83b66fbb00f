"""The commands `up` and `diff`: start Applications, or change what runs."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from ..applications.findings import Refused
from ..applications.images import GATEWAY
from ..applications.source import read_text
from ..errors import CannotStart
from ..model_folder import NoModel
from ..running.applied import Applied
from ..running.differences import differences
from ..running.logs import LogFiles
from ..running.mailbox import ChangeRequest
from ..running.runner import Runner
from ..running.state import StateFolder
from .change_request import open_mailbox, send_request
from .console import Console
from .planning import plan_files, plan_single_model, shipped_files
from .usage_text import usage_text


def up(options: argparse.Namespace) -> int:
    """Start what is asked for and keep it running, or change what runs; its exit code."""
    if options.files and options.model:
        raise CannotStart("--model is for `up` without files; a file says itself what it serves")
    state = StateFolder(options.state)
    files = options.files or ([] if options.model else shipped_files())
    try:
        if files and state.is_running():
            return _change(files, options, state)
        applied = plan_files(files, options) if files else plan_single_model(options)
        names = list(dict.fromkeys(each.application for each in applied.plan.components))
        with state.own([name for name in names if name != GATEWAY]):
            return _run(applied, state, options.ready_within)
    except NoModel as error:
        raise CannotStart(error) from None


def diff(options: argparse.Namespace) -> int:
    """Print what `up` of these files would change; 1 if it would change anything."""
    state = StateFolder(options.state)
    if state.is_running():
        return _change(options.files, options, state, only_show=True)
    print(f"nothing runs with {options.state}: all of it would be started", file=sys.stderr)
    for each in differences({}, plan_files(options.files, options).plan):
        print("\n".join(each.lines))
    return 1


def _run(applied: Applied, state: StateFolder, ready_within_s: float) -> int:
    plan = applied.plan
    programs = [program.name for each in plan.components for program in each.programs]
    console = Console(sys.stdout, programs, LogFiles(state))
    try:
        for notice in plan.notices:
            console.say(notice)
        runner = Runner(plan.components, console, state, applied, ready_within_s=ready_within_s)

        def when_ready() -> None:
            if all(each.job for each in plan.components):
                console.say("Every job is done.")
                return
            console.show_endpoints(state.rows())
            console.show(usage_text(plan))

        # A closed terminal (SIGHUP) is a wish to stop, too.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: runner.stop())
        return runner.run(when_ready)
    finally:
        console.close()


def _change(
    files: Sequence[Path], options: argparse.Namespace, state: StateFolder, only_show: bool = False
) -> int:
    """Have the running `up` change to these files, and print its output. Raises InUse if it takes
    no requests.
    """
    mailbox = open_mailbox(state)
    try:
        texts = [(str(file), read_text(file)) for file in files]
    except Refused as refused:
        raise CannotStart(f"these files cannot be run\n{refused}") from None
    for name in ("host", "port", "gateway_port", "model_port"):
        if getattr(options, name) is not None:
            option = f"--{name.replace('_', '-')}"
            print(f"{option} changes nothing: what runs stays where it is", file=sys.stderr)
    request = ChangeRequest(texts, only_show, dict(options.args), dict(options.image))
    return send_request(mailbox, request, state, _print_line)


def _print_line(line: str, wrong: bool) -> None:
    print(line, file=sys.stderr if wrong else sys.stdout, flush=True)
