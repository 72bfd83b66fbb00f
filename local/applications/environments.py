"""Validates delivery to several environments: an Application's policies and workflow.

KubeVela's core.oam.dev/v1beta1: a step `deploy` takes policies by name, `topology` (where) and
`override` (what differs there). On one machine none of it is executed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from . import kubevela
from .findings import Finding, Path, suggestion
from .kubevela import unsupported_text
from .parse import parse
from .source import Document
from .types import (
    POLICIES,
    PROPERTIES,
    STEPS,
    TRAITS,
    DeployStep,
    OverrideComponent,
    OverridePolicy,
    Policy,
    Specification,
    Step,
    Strict,
    TopologyPolicy,
)


def environments(document: Document, spec: Specification) -> list[Finding]:
    """What is wrong in policies and workflow."""
    return [*_policies(document, spec), *_workflow(document, spec)]


def _policies(document: Document, spec: Specification) -> Iterator[Finding]:
    seen = set()
    for index, policy in enumerate(spec.policies):
        at: Path = ("spec", "policies", index)
        if policy.name in seen:
            yield document.finding((*at, "name"), f"there are two policies {policy.name}")
        seen.add(policy.name)
        properties, findings = _properties(document, at, policy, POLICIES, kubevela.POLICIES)
        yield from findings
        at = (*at, "properties")
        if isinstance(properties, TopologyPolicy):
            if properties.clusters and properties.clusterLabelSelector:
                text = "either clusters or clusterLabelSelector: they exclude one another"
                yield document.finding(at, text)
        elif isinstance(properties, OverridePolicy):
            yield from _override(document, at, spec, properties)


def _override(
    document: Document, at: Path, spec: Specification, override: OverridePolicy
) -> Iterator[Finding]:
    """Do the overrides fit components of the Application, and are these sound with them?"""
    components = {component.name: component for component in spec.components}
    for index, name in enumerate(override.selector or ()):
        if name not in components:
            text = f"there is no component {name!r}; {suggestion(name, components)}"
            yield document.finding((*at, "selector", index), text)
    for index, patch in enumerate(override.components):
        place = (*at, "components", index)
        if patch.name and patch.name not in components:
            text = f"there is no component {patch.name!r}; {suggestion(patch.name, components)}"
            yield document.finding((*place, "name"), text)
        yield from _traits(document, place, patch)
        for component in spec.components:
            wanted = (patch.name or component.name, patch.type or component.type)
            kind = PROPERTIES.get(component.type)
            if kind is None or wanted != (component.name, component.type):
                continue
            if parse(document, place, kind, component.properties)[1]:
                continue  # it is wrong without the override, and reported there
            merged = _merged(component.properties, patch.properties)
            yield from parse(document, (*place, "properties"), kind, merged)[1]


def _traits(document: Document, at: Path, patch: OverrideComponent) -> Iterator[Finding]:
    for index, trait in enumerate(patch.traits):
        if trait.type not in TRAITS:
            text = unsupported_text(trait.type, kubevela.TRAITS, TRAITS)
            own = trait.type in kubevela.TRAITS
            text = text if own else f"trait {trait.type!r} is not known; {text}"
            yield document.finding((*at, "traits", index, "type"), text, notice=own)


def _merged(base: Any, patch: Any) -> Any:
    """`patch` over `base` as KubeVela does it: mappings are merged, all else is replaced."""
    if not (isinstance(base, dict) and isinstance(patch, dict)):
        return patch
    changed = {key: _merged(base[key], patch[key]) if key in base else patch[key] for key in patch}
    return {**base, **changed}


def _workflow(document: Document, spec: Specification) -> Iterator[Finding]:
    if spec.workflow is None:
        return
    policies = {policy.name for policy in spec.policies}
    names: set[str] = set()
    for index, step in enumerate(spec.workflow.steps):
        at: Path = ("spec", "workflow", "steps", index)
        if step.name in names:
            yield document.finding((*at, "name"), f"there are two steps {step.name}")
        for number, name in enumerate(step.dependsOn):
            if name not in names:
                text = f"no step before this one is {name!r}"
                yield document.finding((*at, "dependsOn", number), text)
        names.add(step.name)
        properties, findings = _properties(document, at, step, STEPS, kubevela.STEPS)
        yield from findings
        at = (*at, "properties")
        if isinstance(properties, DeployStep):
            for number, name in enumerate(properties.policies):
                if name not in policies:
                    text = f"there is no policy {name!r}; {suggestion(name, policies)}"
                    yield document.finding((*at, "policies", number), text)


def _properties(
    document: Document,
    at: Path,
    each: Policy | Step,
    kinds: Mapping[str, type[Strict]],
    kubevelas: frozenset[str],
) -> tuple[Strict | None, list[Finding]]:
    """What the policy or step says, if it is of a kind that is looked into and in order."""
    kind = kinds.get(each.type)
    if kind is not None:
        return parse(document, (*at, "properties"), kind, each.properties)
    own = each.type in kubevelas
    text = unsupported_text(each.type, kubevelas, kinds)
    text = text if own else f"{each.type!r} is nothing that KubeVela has; {text}"
    return None, [document.finding((*at, "type"), text, notice=own)]
