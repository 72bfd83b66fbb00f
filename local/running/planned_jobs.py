"""Jobs as parts of a plan: a training, and a copy of the shipped models."""

import hashlib
import json
import sys
from collections.abc import Sequence
from typing import Any

from ..applications.claims import Volumes
from ..applications.images import COPIES_TO, PUBLISHES_TO
from ..applications.loaded import LoadedApplication, LoadedComponent
from ..applications.types import TrainingProperties
from ..shipped_models import ShippedModels
from .plan import PlannedComponent, planned_component
from .program import Program


def planned_training(
    application: LoadedApplication,
    component: LoadedComponent,
    properties: TrainingProperties,
    volumes: Volumes,
    more: Sequence[str],
) -> PlannedComponent:
    """A training with its claims as folders, and `more` arguments."""

    def here(text: str) -> str:
        """`text` with the path in it, of an argument or option, as it is on this machine."""
        option, equals, path = text.rpartition("=")
        inside = volumes.inside(path, application.namespace, component.mounts)
        return f"{option}{equals}{inside}" if inside else text

    own = [here(argument) for argument in (properties.cmd or [])[3:]]
    if not any(argument.startswith("--export-root") for argument in own):
        own = ["--export-root", here(PUBLISHES_TO), *own]
    arguments = (*own, *more)
    environment = {each.name: here(each.value or "") for each in properties.env}
    command = (sys.executable, "-m", "training", *arguments)
    return planned_component(
        application,
        component,
        programs=(Program(component.name, command, environment),),
        job=True,
        fingerprint=_fingerprint(properties.model_dump(), arguments),
        writes=tuple(
            volumes.folder(application.namespace, mount.name) for mount in component.mounts
        ),
        restarts_on_failure=properties.restartPolicy != "Never",
    )


def planned_copy(
    application: LoadedApplication, component: LoadedComponent, volumes: Volumes
) -> PlannedComponent:
    """A task that copies the shipped models into a claim."""
    claim = volumes.inside(COPIES_TO, application.namespace, component.mounts)
    assert claim is not None and component.image is not None  # by validate
    return planned_component(
        application,
        component,
        # No fingerprint: what is there is not copied again, and what is new is.
        steps=(ShippedModels(component.image.models, claim),),
        job=True,
        writes=(claim,),
    )


def _fingerprint(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
