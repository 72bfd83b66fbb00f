"""The commands that read Applications and start nothing."""

import argparse
import sys

import yaml

from ..applications.claims import Volumes
from ..applications.findings import Refused, without_errors
from ..applications.load import load
from ..applications.validate import validate as find_problems
from ..errors import CannotStart
from ..rendering.compose.file import compose
from ..rendering.kubernetes.http_routes import Gateway
from ..rendering.kubernetes.manifests import kubernetes
from ..rendering.left_out import not_rendered
from ..running.plan import describe
from .planning import load_and_validate, plan_files


def render(options: argparse.Namespace) -> int:
    """Print as YAML what `up` would run, or the same for Kubernetes or Compose."""
    if options.gateway and options.format != "kubernetes":
        raise CannotStart("--gateway is for --format kubernetes")
    if options.format in ("kubernetes", "compose"):
        return _render_elsewhere(options)
    plan = plan_files(options.files, options).plan
    if options.format == "envoy" and plan.gateway is None:
        raise CannotStart("nothing in these files needs the gateway")
    parts = []
    if options.format != "envoy":
        parts.append(("What runs, in order.", {"components": describe(plan)}))
    if options.format != "plan" and plan.gateway is not None:
        parts.append(("The gateway's configuration, for Envoy.", plan.gateway))
    texts = (f"# {title}\n{yaml.safe_dump(value, sort_keys=False)}" for title, value in parts)
    print("---\n".join(texts), end="")
    return 0


def _render_elsewhere(options: argparse.Namespace) -> int:
    """Print manifests; what only a start on this machine needs is no obstacle."""
    try:
        applications, found = load(options.files, dict(options.image))
        found += find_problems(applications, Volumes.under(options.state))
        elsewhere = (each for each in found if not each.local_only)
        found = without_errors([*elsewhere, *not_rendered(applications, options.format)])
        if options.format == "kubernetes":
            text = kubernetes(applications, options.gateway and Gateway(*options.gateway))
        else:
            text = compose(applications)
    except Refused as refused:
        raise CannotStart(f"these files cannot be rendered\n{refused}") from None
    for finding in found:
        print(finding, file=sys.stderr)
    print(text, end="")
    return 0


def validate(options: argparse.Namespace) -> int:
    """Print every error and notice; 1 if there is an error."""
    try:
        applications, findings = load_and_validate(
            options.files, options.state, dict(options.image)
        )
    except Refused as refused:
        print(refused)
        return 1
    for finding in findings:
        print(finding)
    names = ", ".join(application.name for application in applications)
    print(f"{names}: no errors")
    return 0
