"""What the renderings leave out, said."""

from collections.abc import Iterable

from ..applications.findings import Finding, Path
from ..applications.loaded import LoadedApplication
from ..applications.types import TRAITS

# What no rendering has a word for.
_KUBEVELAS_OWN = ("volumes", "volumeMounts", "addRevisionLabel")


_RENDERED_TRAITS = {
    "kubernetes": {name for name, kind in TRAITS.items() if kind is not None},
    "compose": {"storage", "scaler", "cpuscaler"},
}


def not_rendered(
    applications: Iterable[LoadedApplication], format: str = "kubernetes"
) -> list[Finding]:
    """A notice for everything in the files that this rendering leaves out."""

    def notice(application: LoadedApplication, path: Path, what: str) -> Finding:
        text = f"{what} not part of what is rendered; KubeVela knows what it means"
        return application.document.finding(path, text, notice=True)

    found = []
    for application in applications:
        specification = application.document.value["spec"]
        for name in ("policies", "workflow"):
            if specification.get(name):
                found.append(notice(application, ("spec", name), f"{name} is"))
        for component in application.components:
            for name in sorted(component.properties.model_fields_set & set(_KUBEVELAS_OWN)):
                found.append(
                    notice(application, (*component.path, "properties", name), f"{name} is")
                )
            raw = specification["components"][component.path[-1]]
            for index, trait in enumerate(raw.get("traits") or ()):
                at = (*component.path, "traits", index)
                if trait["type"] not in _RENDERED_TRAITS[format]:
                    found.append(notice(application, at, f"the trait {trait['type']} is"))
                elif format == "compose" and trait["type"] == "storage":
                    for kind in sorted(trait.get("properties", {}).keys() - {"pvc"}):
                        there = (*at, "properties", kind)
                        found.append(notice(application, there, f"the storage {kind} is"))
    return found
