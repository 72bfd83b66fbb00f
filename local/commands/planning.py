"""From a command line to Applications and a plan."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..applications.claims import Volumes
from ..applications.findings import Finding, Refused, without_errors
from ..applications.load import load
from ..applications.loaded import LoadedApplication
from ..applications.validate import validate
from ..errors import CannotStart
from ..model_folder import check_model, saved_models
from ..ports import CLIENT_PORT, Ports
from ..running.applied import Applied, check_arguments
from ..running.color_service import ColorService
from ..running.feedback import with_feedback
from ..running.plan import Plan, RunOptions
from ..running.planner import make_plan
from ..shipped_models import MODELS, ROOT


def load_and_validate(
    files: Sequence[Path], state: Path, images: Mapping[str, str]
) -> tuple[list[LoadedApplication], list[Finding]]:
    """The Applications, and notices. Raises Refused with every error."""
    applications, findings = load(files, images)
    return applications, without_errors([*findings, *validate(applications, Volumes.under(state))])


def shipped_files() -> list[Path]:
    """What `up` runs without files: color and style at one address, or nothing if a part is
    missing.
    """
    parts = (
        saved_models(MODELS / "color" / "v2"),
        saved_models(MODELS / "style"),
        (ROOT / "style_client" / "__main__.py").exists(),
    )
    names = ("color-model", "style-model", "color-style-ab-serving")
    return [ROOT / "deploy" / f"{name}.yaml" for name in names] if all(parts) else []


def run_options_of(options: argparse.Namespace) -> RunOptions:
    """Host, ports and arguments as the command line says, or else as they are by themselves."""
    given = {
        "host": options.host,
        "port": options.port,
        "gateway_port": options.gateway_port,
        "model_port": options.model_port,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    return RunOptions(**chosen, arguments=dict(options.args), images=dict(options.image))


def plan_single_model(options: argparse.Namespace) -> Applied:
    """The color client with one model, and no gateway."""
    model = (options.model or _newest_color_model()).absolute()
    check_model(model)
    run_options = run_options_of(options)
    ports = Ports(run_options.host)
    service = ColorService(
        model=model,
        host=run_options.host,
        port=ports.allocate(run_options.port or CLIENT_PORT, "the client"),
        model_port=ports.allocate(run_options.model_port, "the model server", "127.0.0.1"),
    )
    serving, client = service.plan.components
    state = options.state.absolute()
    plan = Plan((serving, with_feedback(client, state)), tuple(ports.notices))
    return Applied([], plan, state, run_options)


def _newest_color_model() -> Path:
    if not MODELS.is_dir():
        raise CannotStart(
            "no model to serve: the shipped ones are in a checkout of the project, not in an "
            "installed package; name another folder with --model"
        )
    found = [folder for path in (MODELS / "color").glob("v*") for folder in saved_models(path)]
    newest = max(found, key=lambda folder: int(folder.name), default=None)
    return newest.parent if newest else MODELS / "color" / "v1"


def plan_files(files: Sequence[Path], options: argparse.Namespace) -> Applied:
    """Files as a plan, with every notice printed; raises CannotStart with every error."""
    run_options = run_options_of(options)
    try:
        applications, notices = load_and_validate(files, options.state, run_options.images)
        check_arguments(applications, run_options.arguments)
        plan = make_plan(applications, options.state.absolute(), run_options)
        if not plan.components:
            raise CannotStart("\n".join(["nothing in these files runs here", *map(str, notices)]))
    except Refused as refused:
        raise CannotStart(f"these files cannot be run\n{refused}") from None
    for notice in notices:
        print(notice, file=sys.stderr)
    return Applied(applications, plan, options.state.absolute(), run_options)
