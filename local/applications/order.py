"""The order in which components start."""

from collections.abc import Sequence

from .loaded import LoadedApplication, LoadedComponent, with_dependencies
from .types import JOBS, ServingProperties


def depends_on(
    applications: Sequence[LoadedApplication],
    application: LoadedApplication,
    component: LoadedComponent,
) -> tuple[tuple[str, str], ...]:
    """What the file says, and the jobs that write the claims that a model comes from, as
    (application, component).
    """
    found = [(application.name, name) for name in component.depends_on]
    if not isinstance(component.properties, ServingProperties):
        return tuple(found)
    claims = {predictor.graph.claim for predictor in component.properties.predictors}
    for other in applications:
        by_name = {each.name: each for each in other.components}
        for each in other.components:
            writes = isinstance(each.properties, JOBS) and other.namespace == application.namespace
            # One that comes after this component by the file's own word does not come before.
            later = other is application and component.name in with_dependencies(by_name, each.name)
            key = (other.name, each.name)
            mounted = {mount.name for mount in each.mounts}
            if writes and mounted & claims and not later and key not in found:
                found.append(key)
    return tuple(found)
