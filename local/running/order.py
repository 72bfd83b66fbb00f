"""The order in which components start."""

from collections.abc import Sequence

from ..applications.loaded import LoadedApplication, LoadedComponent, behind
from ..applications.types import NOT_HERE, ServingProperties


def depends_on(
    applications: Sequence[LoadedApplication],
    application: LoadedApplication,
    component: LoadedComponent,
) -> tuple[tuple[str, str], ...]:
    """What the file says, and whatever else writes the claims that a model comes from."""
    runs = {
        each.name for each in application.components if not isinstance(each.properties, NOT_HERE)
    }
    found = [(application.name, name) for name in component.depends_on if name in runs]
    if not isinstance(component.properties, ServingProperties):
        return tuple(found)
    claims = {predictor.graph.claim for predictor in component.properties.predictors}
    for other in applications:
        for each in other.components:
            if isinstance(each.properties, NOT_HERE):
                continue
            mounted = {mount.name for mount in each.mounts}
            same = other.namespace == application.namespace
            # One that comes after this component by the file's own word does not come before.
            later = other is application and component.name in behind(
                {one.name: one for one in other.components}, each.name
            )
            key = (other.name, each.name)
            if same and mounted & claims and not later and key not in found:
                found.append(key)
    return tuple(found)
