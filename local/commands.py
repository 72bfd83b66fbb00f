"""What the commands of `python -m local` do."""

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import yaml

from .color_service import ColorService
from .compose import compose
from .console import Console
from .envoy import NoEnvoy
from .findings import Finding, Refused, known
from .images import GATEWAY
from .invitation import invitation
from .kubernetes import kubernetes
from .load import LoadedApplication, load
from .logs import LogFiles, followed, written
from .model_folder import NoModel, check_model, saved_models
from .plan import Plan, Wishes, described, make_plan
from .ports import CLIENT_PORT, Ports
from .rendered import not_rendered
from .runner import Runner
from .shipped_models import MODELS, ROOT
from .state import BadState, InUse, Row, StateFolder
from .table import components_table, endpoints_table, printer
from .validate import validate as find_problems
from .volumes import Volumes

_DOWN_WITHIN_S = 60.0


class CannotStart(Exception):
    """Something outside must change first; the text says what."""


def up(options: argparse.Namespace) -> int:
    """Start what is asked for and keep it running; the exit code comes back."""
    if options.files and options.model:
        raise CannotStart("--model is for `up` without files; a file says itself what it serves")
    state = StateFolder(options.state)
    try:
        files = options.files or ([] if options.model else _shipped_files())
        plan = _planned(files, options) if files else _plain_plan(options)
        names = list(dict.fromkeys(each.application for each in plan.components))
        with state.taken([name for name in names if name != GATEWAY]):
            return _run(plan, state, options.ready_within)
    except (NoModel, InUse, BadState) as error:
        raise CannotStart(error) from None


def _shipped_files() -> list[Path]:
    """What `up` runs by itself: color and style behind one address, or nothing if a part lacks."""
    parts = (
        saved_models(MODELS / "color" / "v2"),
        saved_models(MODELS / "style"),
        (ROOT / "style_client" / "__main__.py").exists(),
    )
    names = ("color-model", "style-model", "color-style-ab-serving")
    return [ROOT / "deploy" / f"{name}.yaml" for name in names] if all(parts) else []


def _plain_plan(options: argparse.Namespace) -> Plan:
    """The color client with one model, and no gateway."""
    model = (options.model or _newest_color_model()).absolute()
    check_model(model)
    ports = Ports(options.host)
    try:
        service = ColorService(
            model=model,
            host=options.host,
            port=ports.give(options.port or CLIENT_PORT, "the client"),
            model_port=ports.give(options.model_port, "the model server", "127.0.0.1"),
        )
    except OSError as error:
        raise CannotStart(_no_such_host(options.host, error)) from None
    return Plan(service.plan.components, tuple(ports.notices))


def _newest_color_model() -> Path:
    found = [folder for path in (MODELS / "color").glob("v*") for folder in saved_models(path)]
    newest = max(found, key=lambda folder: int(folder.name), default=None)
    return newest.parent if newest else MODELS / "color" / "v1"


def _planned(files: Sequence[Path], options: argparse.Namespace) -> Plan:
    """The plan for files, with every notice printed; raises CannotStart with every error."""
    try:
        applications, notices = _checked(files, options.state)
        extra = dict(options.args)
        training = [
            component.name
            for application in applications
            for component in application.components
            if component.type == "model-training"
        ]
        for name in extra:
            if name not in training:
                raise CannotStart(f"--args {name}: no such training; {known(name, training)}")
        wishes = Wishes(options.host, options.port, options.gateway_port, options.model_port, extra)
        plan = make_plan(applications, options.state.absolute(), wishes)
        if not plan.components:
            raise CannotStart("\n".join(["nothing in these files runs here", *map(str, notices)]))
    except Refused as refused:
        raise CannotStart(f"these files cannot be run\n{refused}") from None
    except NoEnvoy as error:
        raise CannotStart(error) from None
    except OSError as error:
        raise CannotStart(_no_such_host(options.host, error)) from None
    for notice in notices:
        print(notice, file=sys.stderr)
    return plan


def _no_such_host(host: str, error: OSError) -> str:
    return f"cannot listen on {host!r} ({error.strerror}); change --host"


def _checked(files: Sequence[Path], state: Path) -> tuple[list[LoadedApplication], list[Finding]]:
    """The Applications, and notices. Raises Refused with every error."""
    applications, findings = load(files)
    findings = sorted([*findings, *find_problems(applications, Volumes(state / "volumes"))])
    if any(not finding.notice for finding in findings):
        raise Refused(findings)
    return applications, findings


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


def render(options: argparse.Namespace) -> int:
    """Print as YAML what `up` would run, or the same for Kubernetes or Compose."""
    if options.format in ("kubernetes", "compose"):
        return _render_elsewhere(options)
    plan = _planned(options.files, options)
    if options.format == "envoy" and plan.gateway is None:
        raise CannotStart("nothing in these files needs the gateway")
    parts = []
    if options.format != "envoy":
        parts.append(("What runs, in order.", {"components": described(plan)}))
    if options.format != "plan" and plan.gateway is not None:
        parts.append(("The gateway's configuration, for Envoy.", plan.gateway))
    texts = (f"# {title}\n{yaml.safe_dump(value, sort_keys=False)}" for title, value in parts)
    print("---\n".join(texts), end="")
    return 0


def _render_elsewhere(options: argparse.Namespace) -> int:
    """Print manifests; what only a start on this machine needs is no obstacle."""
    try:
        applications, found = load(options.files)
        found += find_problems(applications, Volumes(options.state / "volumes"))
        found = sorted([*(each for each in found if not each.here), *not_rendered(applications)])
        if any(not finding.notice for finding in found):
            raise Refused(found)
        render = kubernetes if options.format == "kubernetes" else compose
        text = render(applications)
    except Refused as refused:
        raise CannotStart(f"these files cannot be rendered\n{refused}") from None
    for finding in found:
        print(finding, file=sys.stderr)
    print(text, end="")
    return 0


def validate(options: argparse.Namespace) -> int:
    """Print every error and notice; 1 if there is an error."""
    try:
        applications, findings = _checked(options.files, options.state)
    except Refused as refused:
        print(refused)
        return 1
    for finding in findings:
        print(finding)
    names = ", ".join(application.name for application in applications)
    print(f"{names}: no errors")
    return 0


def ls(options: argparse.Namespace) -> int:
    """Print the table of components."""
    rows = StateFolder(options.state).rows()
    if not rows:
        print(f"nothing has run with {options.state}", file=sys.stderr)
        return 0
    out = printer(sys.stdout)
    out.print(components_table(rows, out.width))
    return 0


def _rows_of(options: argparse.Namespace) -> list[Row]:
    rows = StateFolder(options.state).rows()
    found = [row for row in rows if row.application == options.application]
    if not found:
        names = known(options.application, {row.application for row in rows}) if rows else ""
        raise CannotStart(
            f"no Application {options.application} has run with {options.state}"
            + (f"; {names}" if names else "")
        )
    return found


def status(options: argparse.Namespace) -> int:
    """Print one Application: its components and addresses; 1 if it is not healthy."""
    rows = _rows_of(options)
    out = printer(sys.stdout)
    if not options.endpoint:
        out.print(components_table(rows, out.width))
        print()
    out.print(endpoints_table(rows))
    return 0 if all(row.healthy for row in rows) else 1


def logs(options: argparse.Namespace) -> int:
    """Print the logs of an Application."""
    state = StateFolder(options.state)
    names = [row.component for row in _rows_of(options)]
    if options.component and options.component not in names:
        raise CannotStart(
            f"{options.application} has no component {options.component}; "
            f"{known(options.component, names)}"
        )
    paths = [
        state.log(options.application, name) for name in names if options.component in (None, name)
    ]
    lines = followed(paths, state) if options.follow else written(paths)
    with contextlib.suppress(KeyboardInterrupt):
        for line in lines:
            print(line, end="", flush=options.follow)
    return 0


def down(options: argparse.Namespace) -> int:
    """Have the running `up` stop an Application; 1 if none runs or it does not stop."""
    state = StateFolder(options.state)
    rows = _rows_of(options)
    name = options.application
    if not state.is_running() or all(row.phase in ("stopped", "failed") for row in rows):
        print(f"{name} does not run", file=sys.stderr)
        return 1
    state.request_down(name)
    deadline = time.monotonic() + _DOWN_WITHIN_S
    while state.is_running():
        rows = [row for row in state.rows() if row.application == name]
        if all(row.phase in ("stopped", "succeeded") for row in rows):
            break
        if time.monotonic() > deadline:
            print(f"{name} does not stop", file=sys.stderr)
            return 1
        time.sleep(0.1)
    print(f"{name} is stopped; its claims are kept in {state.volumes}")
    return 0
