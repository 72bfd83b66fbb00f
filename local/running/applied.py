"""Which Applications run, and the next plan where some of them are to be others."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..applications.claims import Volumes
from ..applications.findings import Finding, Refused, suggestion, without_errors
from ..applications.load import load_texts
from ..applications.loaded import LoadedApplication
from ..applications.validate import validate
from ..errors import CannotStart
from .applied_files import AppliedFile, digest, write_applied
from .mailbox import ChangeRequest
from .plan import Plan, RunOptions
from .planner import make_plan
from .port_allocation import PortAllocation
from .state import StateFolder


class Applied:
    """The Applications of one `up`, with its options.

    What runs besides them (`--model`) is in the first plan and stays as it is.
    """

    def __init__(
        self,
        applications: Sequence[LoadedApplication],
        plan: Plan,
        state: Path,
        run_options: RunOptions,
    ):
        self._applications = list(applications)
        self.plan = plan
        self._state = state
        self._run_options = run_options
        self._others = () if applications else plan.components
        self._files = {each.name: _file_path(Path.cwd(), each) for each in applications}
        self._next = (self._applications, run_options, self._files)

    def record(self) -> None:
        """Say in the state folder which files run."""
        applications = {
            each.name: AppliedFile(self._files[each.name], digest(each.document.text))
            for each in self._applications
        }
        write_applied(StateFolder(self._state), applications, self.plan.ports.get("admin"))

    def plan_change(self, request: ChangeRequest) -> tuple[Plan, list[str]]:
        """The plan with these Applications in it, and notices. Raises Refused, CannotStart."""
        run_options = replace(
            self._run_options,
            arguments={**self._run_options.arguments, **request.arguments},
            images={**self._run_options.images, **request.images},
        )
        new, found = load_texts(request.texts, run_options.images)
        if refused := self._unchangeable(new):
            raise Refused(refused)
        names = {each.name for each in new}
        applications = [each for each in self._applications if each.name not in names] + new
        found = without_errors([*found, *validate(applications, Volumes.under(self._state))])
        check_arguments(applications, request.arguments)
        plan = make_plan(applications, self._state, run_options, self.plan.ports)
        where = {each.name: _file_path(Path(request.folder), each) for each in new}
        self._next = (applications, run_options, {**self._files, **where})
        plan = replace(plan, components=(*self._others, *plan.components))
        return plan, [*map(str, found), *plan.notices]

    def commit(self, plan: Plan) -> None:
        """Record that the last plan of `plan_change` runs."""
        self._applications, self._run_options, self._files = self._next
        self.plan = plan
        self.record()

    def remove(self, application: str) -> None:
        """Record that an Application was stopped."""
        self._applications = [each for each in self._applications if each.name != application]
        self._others = tuple(each for each in self._others if each.application != application)
        # Others may take its ports.
        ports = PortAllocation(self._applications, self._run_options, self.plan.ports).ports
        self.plan = replace(self.plan, ports=ports)
        self.record()

    def _unchangeable(self, new: Sequence[LoadedApplication]) -> list[Finding]:
        """What of these Applications cannot be while what runs does."""
        found = []
        running = {each.name: each for each in self._applications}
        others = {each.application for each in self._others}
        for application in new:
            document, name = application.document, application.name
            if name in others:
                text = f"{name} is what this `up` runs by itself; choose another name"
                found.append(document.finding(("metadata", "name"), text))
            old = running.get(name)
            if old is None:
                continue
            if old.namespace != application.namespace:
                text = (
                    f"{name} runs in the namespace {old.namespace}, which cannot be changed: "
                    f"python -m local down {name} first"
                )
                found.append(document.finding(("metadata", "namespace"), text))
            types = {each.name: each.type for each in old.components}
            for component in application.components:
                was = types.get(component.name, component.type)
                if was != component.type:
                    text = (
                        f"{component.name} runs as a {was}, which cannot be changed: give the new "
                        "one another name"
                    )
                    found.append(document.finding((*component.path, "type"), text))
        return found


def _file_path(folder: Path, application: LoadedApplication) -> Path:
    return folder / application.document.file


def check_arguments(
    applications: Sequence[LoadedApplication], arguments: Mapping[str, Sequence[str]]
) -> None:
    """Raise CannotStart where those of `--args` are for no training."""
    trainings = [
        component.name
        for application in applications
        for component in application.components
        if component.type == "model-training"
    ]
    for name in arguments:
        if name not in trainings:
            raise CannotStart(f"--args {name}: no such training; {suggestion(name, trainings)}")
