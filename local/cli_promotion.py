"""The options of `feedback` and `promote`."""

import argparse
from collections.abc import Callable
from pathlib import Path

from .commands.argument_types import conditions, percent, seconds, steps

PROMOTION = """\
Move traffic to a predictor, in the file of a running Application and in what runs, without losing
a request. The other predictors share the rest in proportion to their previous shares:

  python -m local promote color-serving color-model-serving model2               all of it
  python -m local promote color-serving color-model-serving model2 --traffic 25
  python -m local promote color-serving color-model-serving model2 --dry-run --file F.yaml > G.yaml
                                                        for `vela up -f G.yaml`; changes nothing

Only numbers in the file change. A predictor without traffic gets `traffic: 0` if it is the first;
any other is commented out, as 0 would be an even share on a cluster.

With --when, each step waits for evidence:

  ... model2 --when "winrate(v2, v1) > 0.5 and errors < 1%" --steps 10,50,100

  winrate(A, B) > X   how often people prefer A to B: the lower end of the 95 % interval is above X
                      (for <, the upper end is below X). Models by name (color/v2) or version (v2)
  errors < X%         the share of 5xx among the predictor's requests since the step, counted by
                      the gateway
  p95 < Xs            (or Xms) the 95th percentile of their durations

The next step is taken when all conditions hold. If one is broken, the traffic goes back to what it
was: the interval is wholly on the other side, or there are more errors or slow requests than chance
explains. Ctrl-C leaves everything as it is."""

EXIT_CODES = """\
exit codes: 0 the predictor has the traffic; 1 went back, or the change could not be made; 2 the
request is not possible; 3 not enough evidence within --timeout, and 130 Ctrl-C: left as it is"""


def add_feedback(add: Callable[..., argparse.ArgumentParser]) -> None:
    """The command `feedback`."""
    feedback = add(
        "feedback", "report which model people prefer, for an Application that is running or was"
    )
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
        "--traffic", type=percent, metavar="PERCENT", help="the predictor's share (default: 100)"
    )
    promote.add_argument(
        "--dry-run", action="store_true", help="print the new file; change nothing"
    )
    promote.add_argument(
        "--file", type=Path, metavar="FILE", help="with --dry-run: this file; nothing has to run"
    )
    promote.add_argument("--when", type=conditions, metavar="CONDITIONS", help="see above")
    promote.add_argument(
        "--steps",
        type=steps,
        metavar="PERCENT,...",
        help="with --when: the shares to take in turn (default: 10,50,100)",
    )
    promote.add_argument(
        "--interval",
        type=seconds,
        default=30.0,
        metavar="SECONDS",
        help="with --when: time between two checks of the evidence (default: 30)",
    )
    promote.add_argument(
        "--timeout",
        type=seconds,
        default=86_400.0,
        metavar="SECONDS",
        help="with --when: longest wait at one step (default: 86400, a day)",
    )
    promote.set_defaults(module="promote")
