"""What runs on this machine: components, their programs and the steps before them, in order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..applications.loaded import LoadedApplication, LoadedComponent
from ..ports import GATEWAY_PORT, MODEL_PORT
from .program import Program


class Step(Protocol):
    """Something done once before a component's programs start."""

    def run(self, say: Callable[[str], None]) -> None:
        """Do it. Raises CannotPrepare."""


@dataclass(frozen=True)
class Endpoint:
    """Where something answers, in the words of `vela status --endpoint`."""

    reference: str
    url: str


@dataclass(frozen=True)
class PlannedComponent:
    """What runs for a component: `steps` in order, then all `programs` at once.

    A job is done when its programs have ended well, and is not done again while `fingerprint`
    stays; a service is to run until it is stopped. `depends_on` are (application, component).
    """

    application: str
    name: str
    type: str
    namespace: str = "default"
    programs: tuple[Program, ...] = ()
    steps: tuple[Step, ...] = ()
    job: bool = False
    depends_on: tuple[tuple[str, str], ...] = ()
    fingerprint: str = ""
    writes: tuple[Path, ...] = ()
    restarts_on_failure: bool = False
    endpoints: tuple[Endpoint, ...] = ()
    module: str = ""
    # As the file has them, to say what has changed.
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """Its application and name."""
        return self.application, self.name


def planned_component(
    application: LoadedApplication, component: LoadedComponent, **more: Any
) -> PlannedComponent:
    """What runs for a component of a file."""
    return PlannedComponent(
        application.name, component.name, component.type, application.namespace, **more
    )


@dataclass(frozen=True)
class Plan:
    """Everything that one `up` runs, in the order in which it is shown and started.

    `ports` say by name who has which port, so that the next plan leaves them where they are.
    """

    components: tuple[PlannedComponent, ...]
    notices: tuple[str, ...] = ()
    gateway: dict[str, Any] | None = None
    ports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RunOptions:
    """What the command line says: first ports to try, arguments added to components, and
    which of this project's images other ones stand for.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    gateway_port: int = GATEWAY_PORT
    model_port: int = MODEL_PORT
    arguments: Mapping[str, Sequence[str]] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)


def describe(plan: Plan) -> list[dict[str, Any]]:
    """The plan as plain values, for `local render`; what is empty is left out."""
    return [_describe(component) for component in plan.components]


def _describe(component: PlannedComponent) -> dict[str, Any]:
    programs = [
        _non_empty(
            name=program.name,
            command=list(program.command),
            environment=dict(program.environment),
            ready=program.ready_url,
        )
        for program in component.programs
    ]
    return _non_empty(
        application=component.application,
        component=component.name,
        type=component.type,
        after=["/".join(key) for key in component.depends_on],
        steps=[str(step) for step in component.steps],
        programs=programs,
        endpoints=[endpoint.url for endpoint in component.endpoints],
    )


def _non_empty(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
