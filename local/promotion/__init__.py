"""More of the traffic for one predictor: in the file, in steps, by the evidence.

`traffic` rewrites an Application's text; `conditions` are what `--when` says; `evidence` is what
people chose and what the gateway counted; `analysis` waits, steps and goes back. Starts nothing and
writes nothing.
"""


class CannotPromote(Exception):
    """What was asked for cannot be done; the text says why."""
