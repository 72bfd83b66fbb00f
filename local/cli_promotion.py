"""The options of `feedback` and `promote`."""

import argparse
from collections.abc import Callable
from pathlib import Path

from .commands.argument_types import conditions, percent, seconds, steps

PROMOTION = """\
Move traffic to a predictor, in the file of an Application that runs and in what runs, with no
request lost. The rest is shared among the others as they had it:

  python -m local promote color-serving color-model-serving model2               all of it
  python -m local promote color-serving color-model-serving model2 --traffic 25
  python -m local promote color-serving color-model-serving model2 --dry-run --file F.yaml > G.yaml
                                                        for `vela up -f G.yaml`; changes nothing

Only numbers of the file change. A predictor that is left with no traffic has `traffic: 0` where it
is the first; elsewhere it becomes a comment, as 0 is an even share there on a cluster.

With --when it waits for the evidence at each step:

  ... model2 --when "winrate(v2, v1) > 0.5 and errors < 1%" --steps 10,50,100

  winrate(A, B) > X   how often people prefer A to B: the lower end of its 95 % interval is above X.
                      With <, the upper end below X. Models by full name (color/v2) or version (v2)
  errors < X%         of the predictor's requests since the step, by the gateway: answered 5xx
  p95 < Xs            (or ms) how long the slowest twentieth of them took

It goes on when all hold, and goes back to what was when one is broken: the interval is wholly on
the other side, or there are more errors or slow requests than chance explains. Ctrl-C leaves all
as it is."""

EXIT_CODES = """\
exit codes: 0 it has the traffic; 1 gone back, or the change could not be made; 2 it cannot be done
as asked; 3 no evidence within --timeout, all left as it is; 130 stopped by Ctrl-C, likewise"""


def add_feedback(add: Callable[..., argparse.ArgumentParser]) -> None:
    """The command `feedback`."""
    feedback = add("feedback", "report what people chose, of an Application that runs or ran")
    feedback.add_argument("application", metavar="APP")
    feedback.add_argument(
        "--format", choices=("text", "json", "csv", "html"), default="text", help="(default: text)"
    )
    feedback.set_defaults(module="feedback")


def add_promote(add: Callable[..., argparse.ArgumentParser]) -> None:
    """The command `promote`."""
    promote = add(
        "promote",
        "move traffic to a predictor, at once or by the evidence",
        description=PROMOTION,
        epilog=EXIT_CODES,
    )
    promote.add_argument("application", metavar="APP")
    promote.add_argument("component", metavar="COMPONENT")
    promote.add_argument("predictor", metavar="PREDICTOR")
    promote.add_argument(
        "--traffic", type=percent, metavar="PERCENT", help="how much of it (default: 100)"
    )
    promote.add_argument(
        "--dry-run", action="store_true", help="print the file as it would be; change nothing"
    )
    promote.add_argument(
        "--file", type=Path, metavar="FILE", help="with --dry-run: of this file, nothing need run"
    )
    promote.add_argument("--when", type=conditions, metavar="CONDITIONS", help="see above")
    promote.add_argument(
        "--steps", type=steps, metavar="PERCENT,...", help="with --when (default: 10,50,100)"
    )
    promote.add_argument(
        "--interval",
        type=seconds,
        default=30.0,
        metavar="SECONDS",
        help="with --when: between one look at the evidence and the next (default: 30)",
    )
    promote.add_argument(
        "--timeout",
        type=seconds,
        default=86_400.0,
        metavar="SECONDS",
        help="with --when: how long to wait at one step (default: 86400, a day)",
    )
    promote.set_defaults(module="promote")
