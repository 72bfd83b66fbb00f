"""The differences between what runs and a new plan, and the steps that they need."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from .plan import Plan, PlannedComponent
from .program import Program

Key = tuple[str, str]
# add, remove: a component. replace: model servers, the new ones beside the old. restart: a web
# service. again: a job. adopt: no program is touched; only routes differ, or nothing here does.
Kind = Literal["add", "remove", "replace", "restart", "again", "adopt"]


@dataclass(frozen=True)
class Difference:
    """One component and what happens to it; `lines` say so to people."""

    kind: Kind
    planned: PlannedComponent
    lines: tuple[str, ...]


def differences(running: Mapping[Key, PlannedComponent], plan: Plan) -> list[Difference]:
    """What makes `plan` of what runs: in the plan's order, what is to be removed at the end."""
    wanted = {each.key: each for each in plan.components}
    found = [_difference(running.get(key), planned) for key, planned in wanted.items()]
    removed = [
        Difference("remove", planned, (f"- {_name(planned)}: is stopped at the end",))
        for key, planned in running.items()
        if key not in wanted
    ]
    return [each for each in found if each is not None] + removed


def same_program(one: Program, other: Program) -> bool:
    """Whether a running program is already what the other asks for, whatever it is called."""
    return (one.command, one.environment) == (other.command, other.environment)


def missing_parts(planned: PlannedComponent, running: PlannedComponent) -> PlannedComponent:
    """What of a component is not there yet: programs, and the steps before them."""
    programs = [
        each
        for each in planned.programs
        if not any(same_program(each, other) for other in running.programs)
    ]
    steps = [each for each in planned.steps if each not in running.steps]
    return replace(planned, programs=tuple(programs), steps=tuple(steps))


def _difference(old: PlannedComponent | None, new: PlannedComponent) -> Difference | None:
    if old is None:
        return Difference("add", new, (f"+ {_name(new)}: {new.type}, is started",))
    properties = tuple(f"    {line}" for line in changed_values("", old.properties, new.properties))
    # The gateway's configuration follows from the others.
    kind = "adopt" if new.type == "envoy" else _kind(old, new)
    if kind == "adopt" and not properties:
        return Difference("adopt", new, ()) if old != new else None
    text = {
        "adopt": "other properties; no program of it is touched",
        "replace": _replacement(old, new),
        "restart": "is started again, and does not answer until then",
        "again": "runs again",
    }[kind]
    return Difference(kind, new, (f"~ {_name(new)}: {text}", *properties))


def _kind(old: PlannedComponent, new: PlannedComponent) -> Kind:
    if new.job:
        same = (old.fingerprint, old.steps) == (new.fingerprint, new.steps)
        return "adopt" if same else "again"
    pairs = zip(old.programs, new.programs, strict=False)
    if len(old.programs) == len(new.programs) and all(same_program(*pair) for pair in pairs):
        return "adopt"
    return "replace" if new.type == "model-serving" else "restart"


def _replacement(old: PlannedComponent, new: PlannedComponent) -> str:
    def without(some: PlannedComponent, others: PlannedComponent) -> str:
        return ", ".join(
            each.name.partition("/")[2]
            for each in some.programs
            if not any(same_program(each, other) for other in others.programs)
        )

    starts, stops = without(new, old), without(old, new)
    parts = (
        f"starts {starts} beside the others" if starts else "",
        "moves the traffic",
        f"then stops {stops}" if stops else "",
    )
    return ", ".join(filter(None, parts))


def changed_values(path: str, old: Any, new: Any) -> Iterator[str]:
    """`path: old -> new` for every value that differs; entries with a name go by it."""
    old, new = _by_name(old), _by_name(new)
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            below = f"{path}.{key}" if path else str(key)
            yield from changed_values(below, old.get(key), new.get(key))
    else:
        yield f"{path}: {_shown(old)} -> {_shown(new)}"


def _by_name(value: Any) -> Any:
    entries = value if isinstance(value, list) else []
    if entries and all(isinstance(each, dict) and "name" in each for each in entries):
        return {each["name"]: {k: v for k, v in each.items() if k != "name"} for each in entries}
    return value


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)


def _name(planned: PlannedComponent) -> str:
    return f"{planned.application}/{planned.name}"
