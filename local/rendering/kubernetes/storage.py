"""The trait `storage`: volumes in a pod, and the config maps and secrets among them."""

from collections.abc import Iterator
from typing import Any

from ...applications.loaded import LoadedApplication, LoadedComponent
from ...applications.types import (
    ConfigMapVolume,
    KeyedVolume,
    SecretVariable,
    SecretVolume,
    StorageTrait,
)
from ..common import Manifest, join_name
from .objects import kubernetes_object, without_none


def mount(pod_spec: dict[str, Any], trait: StorageTrait) -> None:
    """Put the trait's volumes into a pod's `spec`, and into its container; changes it."""
    main = pod_spec["containers"][0]
    mounts, devices, volumes = [], [], []
    for entry, source in _sources(trait):
        (kind,) = source
        name = join_name(_PREFIXES[kind], entry.name)
        volumes.append({"name": name, **source})
        if getattr(entry, "volumeMode", None) == "Block":
            devices.append({"name": name, "devicePath": entry.mountPath})
        else:
            mounts.append(
                without_none(
                    name=name,
                    mountPath=entry.mountPath,
                    subPath=getattr(entry, "subPath", None),
                    readOnly=getattr(entry, "readOnly", False) or None,
                )
            )
    # A folder of the Application's own takes the place of ours, which is /tmp.
    taken = {each["mountPath"] for each in mounts}
    mounts += [each for each in main.get("volumeMounts", []) if each["mountPath"] not in taken]
    used = {each["name"] for each in (*mounts, *devices)}
    known = _by_name([*volumes, *pod_spec.get("volumes", [])])
    lists = {"volumeMounts": mounts, "volumeDevices": devices}
    lists["env"] = [*_by_name([*main.get("env", []), *_variables(trait)]).values()]
    main.update({name: value for name, value in lists.items() if value})
    pod_spec["volumes"] = [volume for name, volume in known.items() if name in used]


def storage_objects(
    application: LoadedApplication, component: LoadedComponent, trait: StorageTrait
) -> Iterator[Manifest]:
    """The config maps and secrets that the trait makes; its claims are made with all others."""
    for each in (*trait.configMap, *trait.secret):
        if not each.mountOnly:
            yield kubernetes_object(
                "v1",
                "ConfigMap" if isinstance(each, ConfigMapVolume) else "Secret",
                application,
                component,
                each.name,
                **without_none(data=each.data, stringData=getattr(each, "stringData", None)),
            )


def _by_name(values: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in values}


# KubeVela's names of volumes begin with these.
_PREFIXES = {
    "persistentVolumeClaim": "pvc",
    "configMap": "configmap",
    "secret": "secret",
    "emptyDir": "emptydir",
    "hostPath": "hostpath",
}


def _sources(trait: StorageTrait) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Each entry that is mounted, and what its volume is."""
    for claim in trait.pvc:
        yield claim, {"persistentVolumeClaim": {"claimName": claim.name}}
    for keyed in (*trait.configMap, *trait.secret):
        if keyed.mountPath is not None:
            yield keyed, _volume_source(keyed)
    for folder in trait.emptyDir:
        yield folder, {"emptyDir": {"medium": folder.medium} if folder.medium else {}}
    for there in trait.hostPath:
        yield there, {"hostPath": {"path": there.path, "type": there.type}}


def _volume_source(entry: KeyedVolume) -> dict[str, Any]:
    items = [item.model_dump() for item in entry.items] if entry.items else None
    source = without_none(defaultMode=entry.defaultMode, items=items)
    if isinstance(entry, SecretVolume):
        return {"secret": {"secretName": entry.name, **source}}
    return {"configMap": {"name": entry.name, **source}}


def _variables(trait: StorageTrait) -> Iterator[dict[str, Any]]:
    """Keys as variables of the environment."""
    entries: list[ConfigMapVolume | SecretVolume] = [*trait.configMap, *trait.secret]
    for each in entries:
        for variable in filter(None, (each.mountToEnv, *each.mountToEnvs)):
            if isinstance(variable, SecretVariable):
                source = {"secretKeyRef": {"name": each.name, "key": variable.secretKey}}
            else:
                source = {"configMapKeyRef": {"name": each.name, "key": variable.configMapKey}}
            yield {"name": variable.envName, "valueFrom": source}
