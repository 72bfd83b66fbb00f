"""The command `up`: run what is asked for until it is told to stop."""

import argparse
import signal
import sys

from ..applications.images import GATEWAY
from ..model_folder import NoModel
from ..running.logs import LogFiles
from ..running.plan import Plan
from ..running.runner import Runner
from ..running.state import BadState, InUse, StateFolder
from . import CannotStart
from .console import Console
from .invitation import invitation
from .planning import plain_plan, planned, shipped_files


def up(options: argparse.Namespace) -> int:
    """Start what is asked for and keep it running; the exit code comes back."""
    if options.files and options.model:
        raise CannotStart("--model is for `up` without files; a file says itself what it serves")
    state = StateFolder(options.state)
    try:
        files = options.files or ([] if options.model else shipped_files())
        plan = planned(files, options) if files else plain_plan(options)
        names = list(dict.fromkeys(each.application for each in plan.components))
        with state.taken([name for name in names if name != GATEWAY]):
            return _run(plan, state, options.ready_within)
    except (NoModel, InUse, BadState) as error:
        raise CannotStart(error) from None


def _run(plan: Plan, state: StateFolder, ready_within_s: float) -> int:
    programs = [program.name for each in plan.components for program in each.programs]
    console = Console(sys.stdout, programs, LogFiles(state))
    try:
        for notice in plan.notices:
            console.say(notice)
        runner = Runner(plan.components, console, state, ready_within_s=ready_within_s)

        def when_ready() -> None:
            if all(each.job for each in plan.components):
                console.say("Every job is done.")
                return
            console.show_endpoints(state.rows())
            console.show(invitation(plan))

        # A closed terminal (SIGHUP) is a wish to stop, too.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: runner.stop())
        return runner.run(when_ready)
    finally:
        console.close()
