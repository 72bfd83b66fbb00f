"""Moves traffic to one predictor, at once or in steps by the evidence.

`traffic` rewrites an Application's text; `conditions` parses and evaluates `--when`; `evidence` is
the votes, and the gateway's counts; `analysis` waits, steps and goes back. Starts and writes
nothing. May import `applications`, `running` and `errors`.
"""

from ..errors import CannotStart


class CannotPromote(CannotStart):
    """The promotion is not possible; the text says why."""
