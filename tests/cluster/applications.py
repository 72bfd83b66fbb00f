"""The Applications of deploy/, rendered for the namespace of these tests."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml

from local.applications.load import load
from local.rendering.kubernetes.http_routes import Gateway
from local.rendering.kubernetes.manifests import kubernetes
from local.rendering.kubernetes.objects import POD_KINDS
from tests.cluster.kubectl import NAMESPACE
from tests.running import ROOT


def rendered(
    *names: str, change: Callable[[str], str] = str, gateway: Gateway | None = None
) -> str:
    """Applications of deploy/, in our namespace."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name in names:
            text = (ROOT / "deploy" / f"{name}.yaml").read_text()
            text = text.replace("namespace: default", f"namespace: {NAMESPACE}")
            files.append(Path(folder) / f"{name}.yaml")
            files[-1].write_text(change(text.replace("/seldon/default/", f"/seldon/{NAMESPACE}/")))
        return _small(kubernetes(load(files)[0], gateway))


def _small(text: str) -> str:
    """The same, where nothing limits a container's processor, with a request that two cores hold:
    `color-canary-feedback` requests 2.2 as it is rendered."""
    every = [each for each in yaml.safe_load_all(text) if each]
    for each in every:
        if each["kind"] in POD_KINDS:
            for container in each["spec"]["template"]["spec"]["containers"]:
                resources = container["resources"]
                if "limits" not in resources:
                    resources["requests"]["cpu"] = "100m"
    return yaml.safe_dump_all(every, sort_keys=False)


def images(*texts: str) -> list[str]:
    """Every image in rendered texts."""
    return sorted(
        {
            container["image"]
            for text in texts
            for each in yaml.safe_load_all(text)
            if each and each["kind"] in POD_KINDS
            for container in each["spec"]["template"]["spec"]["containers"]
        }
    )
