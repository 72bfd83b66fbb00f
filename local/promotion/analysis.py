"""A promotion in steps: wait for evidence at each, then continue, or go back if it is bad.

Like the analyses of Argo Rollouts and Flagger: https://docs.flagger.app/usage/how-it-works
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from .conditions import Judgment
from .evidence import NoEvidence

# promoted: all steps are taken and held. back: it turned bad. refused: a step could not be taken.
# undecided: no evidence in time. stopped: somebody said so. The last three leave all as it is.
Outcome = Literal["promoted", "back", "refused", "undecided", "stopped"]


@dataclass(frozen=True)
class Analysis:
    """How to look and what to do; `steps` are percents, upward, of which the first may be now's.

    `evaluate` judges every condition by what came since the last `mark`; `move` gives the predictor
    that percentage of the traffic and returns whether it did; `pause` waits that many seconds, and
    returns whether it was asked to stop meanwhile.
    """

    evaluate: Callable[[], Sequence[Judgment]]
    mark: Callable[[], None]
    move: Callable[[int], bool]
    go_back: Callable[[], bool]
    pause: Callable[[float], bool]
    say: Callable[[str], None]
    interval_s: float
    timeout_s: float

    def run(self, now: int, steps: Sequence[int]) -> Outcome:
        """From the share that it has `now` through the steps above it."""
        for share in [now, *(step for step in steps if step > now)]:
            if share != now:
                self.say(f"{share} %: moving the traffic")
                if not self.move(share):
                    return "refused"
            elif not now:
                continue  # nobody was shown anything by it
            outcome = self._wait(share)
            if outcome != "promoted":
                return outcome
        return "promoted"

    def _wait(self, share: int) -> Outcome:
        """Until every condition holds at this share: "promoted" then."""
        self.mark()
        deadline = time.monotonic() + self.timeout_s
        last_text = ""
        while True:
            if self.pause(self.interval_s):
                return "stopped"
            try:
                judgments = self.evaluate()
            except NoEvidence as error:
                judgments = [Judgment("not yet", str(error))]
            text = f"{share} %: {'; '.join(each.text for each in judgments)}"
            if text != last_text:
                self.say(text)
                last_text = text
            verdicts = {each.verdict for each in judgments}
            if "no" in verdicts:
                return "back" if self.go_back() else "refused"
            if verdicts == {"yes"}:
                return "promoted"
            if time.monotonic() > deadline:
                return "undecided"
