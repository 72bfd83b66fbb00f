"""Applications and components with checked properties: what all other subpackages use."""

from dataclasses import dataclass

from pydantic import BaseModel

from .findings import Path
from .images import Image
from .source import Document
from .types import ClaimMount, CpuScalerTrait, Properties


@dataclass(frozen=True)
class LoadedComponent:
    """A component whose properties are checked. `path` is its place in the document.

    `image` is None where there is none (model-serving). `mounts` are its claims, by the properties
    or by the trait; `replicas` is what the trait `scaler` says, `autoscaler` the trait `cpuscaler`.
    """

    name: str
    type: str
    properties: Properties
    path: Path
    depends_on: tuple[str, ...] = ()
    image: Image | None = None
    mounts: tuple[ClaimMount, ...] = ()
    replicas: int = 1
    autoscaler: CpuScalerTrait | None = None
    traits: tuple[BaseModel, ...] = ()

    def at(self, *path: str | int) -> Path:
        """The place of one of its properties in the document."""
        return (*self.path, "properties", *path)


@dataclass(frozen=True)
class LoadedApplication:
    """An Application whose components are checked one by one."""

    name: str
    namespace: str
    components: tuple[LoadedComponent, ...]
    document: Document


def with_dependencies(by_name: dict[str, LoadedComponent], name: str) -> set[str]:
    """`name` and all that it depends on."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each in by_name and each not in found:
            found.add(each)
            waiting += by_name[each].depends_on
    return found
