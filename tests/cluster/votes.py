"""The step `votes`: people's votes in PostgreSQL, whose pod is lost meanwhile."""

import json
from collections import Counter

import yaml

from tests.cluster.applications import rendered
from tests.cluster.calls import last_line, ready, report_replies, start_caller, stop
from tests.cluster.kubectl import (
    NAMESPACE,
    ClusterFailed,
    apply,
    kubectl,
    remove,
    wait_for_rollout,
    wait_until_ready,
)

_CLIENT, _DATABASE = "color-feedback-client", "color-feedback-db"


def votes(image: str) -> None:
    """PostgreSQL's pod is lost under votes: no answered one is, photos go on, votes come back."""
    given = ("password=of-this-test", "secret-key=of-this-test-and-long-enough-to-sign")
    kubectl("create", "secret", "generic", "color-feedback", "-n", NAMESPACE,
            *(f"--from-literal={each}" for each in given))  # fmt: skip
    objects = apply(rendered("color-model", "color-canary-feedback", change=_many))
    wait_until_ready(objects)
    url = f"http://{_CLIENT}.{NAMESPACE}.svc.cluster.local:3333"
    start_caller(url, image, script="voter.py")
    ready()
    kubectl("exec", f"deployment/{_CLIENT}", "-n", NAMESPACE, "--", "sleep", "10")
    kubectl("delete", "pod", f"{_DATABASE}-0", "-n", NAMESPACE)
    wait_for_rollout(_DATABASE, "statefulset")
    # A client asks the database again after 10 s at the latest.
    stop(after_s=20)
    found = last_line()
    report_replies("photos while PostgreSQL is away and back", Counter(found["photos"]))
    report_replies("votes meanwhile", Counter(found["votes"]), None)
    answered = found["votes"].get("200", 0)
    kept = _kept()
    print(f"  votes answered 200: {answered}; kept: {kept}")
    if found["last"] != "200" or set(found["votes"]) - {"200", "503"}:
        raise ClusterFailed("votes did not come back, or were answered otherwise than by 503")
    if kept < answered:
        raise ClusterFailed(f"{answered - kept} answered votes are lost")
    remove(objects)


def _many(text: str) -> str:
    """One voter votes for many."""
    value = yaml.safe_load(text)
    for component in value["spec"]["components"]:
        if component["name"] == _CLIENT:
            component["properties"]["env"].append({"name": "FEEDBACK_PER_MINUTE", "value": "60000"})
    return yaml.safe_dump(value)


def _kept() -> int:
    """How many ratings the report has."""
    command = ("python", "-m", "color_client", "feedback", "--format", "json")
    report = json.loads(kubectl("exec", f"deployment/{_CLIENT}", "-n", NAMESPACE, "--", *command))
    return sum(each["up"] + each["down"] for each in report["ratings"])
