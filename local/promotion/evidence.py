"""Evidence about a running predictor: people's votes, and the gateway's counts."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..running.feedback import DATABASE
from ..running.readiness import admin

# Of a database that does not answer.
_REPORT_WITHIN_S = 60.0


class NoEvidence(Exception):
    """A source of evidence does not answer now; the text says which."""


def run_report(database: str, format: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the program that reports what people chose; `options` are those of `subprocess.run`."""
    command = (sys.executable, "-m", "color_client", "feedback", "--format", format)
    # A command line is for everybody to see, and there may be a password in the database's name.
    # With PYTHONINSPECT it would end in a prompt.
    environment = {**os.environ, DATABASE: database, "PYTHONINSPECT": ""}
    return subprocess.run(command, env=environment, text=True, check=False, **options)


def votes_report(database: str) -> dict[str, Any]:
    """The report of the votes. Raises NoEvidence."""
    try:
        done = run_report(database, "json", capture_output=True, timeout=_REPORT_WITHIN_S)
        if done.returncode == 0:
            report: dict[str, Any] = json.loads(done.stdout)
            return report
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    except subprocess.TimeoutExpired:
        reason = f"no answer within {_REPORT_WITHIN_S:g} s"
    except ValueError:
        reason = "it is no JSON"
    raise NoEvidence(f"no report of what people chose: {reason}")


@dataclass(frozen=True)
class GatewayStats:
    """Requests of one predictor; `within` are (milliseconds, how many took no longer)."""

    requests: int = 0
    failed: int = 0
    within: tuple[tuple[float, int], ...] = ()

    def slower_than(self, ms: float) -> int:
        """How many took longer; between the bounds of a bucket as if spread evenly in it."""
        low, under = 0.0, 0
        for bound, count in self.within:
            if bound >= ms:
                inside = (count - under) * (ms - low) / (bound - low)
                return self.within[-1][1] - under - round(inside)
            low, under = bound, count
        return 0

    def since(self, before: "GatewayStats") -> "GatewayStats":
        """What came after `before`; all of it if the gateway has restarted since."""
        if before.requests > self.requests or before.failed > self.failed:
            return self
        earlier = dict(before.within)
        within = tuple((bound, count - earlier.get(bound, 0)) for bound, count in self.within)
        return GatewayStats(self.requests - before.requests, self.failed - before.failed, within)


def gateway_stats(admin_port: int, cluster: str) -> GatewayStats:
    """The gateway's counts of a predictor since the gateway started. Raises NoEvidence.

    From its admin page: https://www.envoyproxy.io/docs/envoy/latest/operations/admin#get--stats
    """
    names = "upstream_rq_(completed|5xx|time)"
    pattern = quote(rf"^cluster\.{cluster}#[0-9a-f]+\.{names}$")
    query = f"stats?format=json&histogram_buckets=cumulative&filter={pattern}"
    stats = admin(admin_port, query).get("stats")
    if stats is None:
        raise NoEvidence("the gateway does not answer")
    return GatewayStats(_sum(stats, "completed"), _sum(stats, "5xx"), _buckets(stats))


def _sum(stats: Sequence[dict[str, Any]], name: str) -> int:
    return sum(each["value"] for each in stats if each.get("name", "").endswith(f"_{name}"))


def _buckets(stats: Sequence[dict[str, Any]]) -> tuple[tuple[float, int], ...]:
    found: dict[float, int] = {}
    for each in stats:
        for histogram in each.get("histograms", ()):
            for bucket in histogram["buckets"]:
                bound = float(bucket["upper_bound"])
                found[bound] = found.get(bound, 0) + bucket["cumulative"]
    return tuple(sorted(found.items()))
