"""Where URL is not given, the folder command asks what `local` runs in the current folder."""

import json
import os
import subprocess
import sys

import pytest

from photo_client.running_service import predict_url_of
from tests.color_client.pictures import file_of, scene
from tests.color_client.program import ROOT

COLOR = "http://localhost:8501/v1/models/my-model:predict"
STYLE = "http://localhost:8080/seldon/default/ab/v1/models/my-model:predict"


def row(module: str, url: str, phase: str = "running") -> dict:
    return {"component": "a", "module": module, "url": url, "phase": phase, "endpoints": []}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([row("", ""), row("color_client", COLOR), row("style_client", STYLE)], STYLE),
        ([row("color_client", COLOR)], COLOR),
        ([row("style_client", STYLE, "stopped"), row("color_client", COLOR)], COLOR),
        ([row("style_client", STYLE, "stopped")], None),
        ([{"component": "a", "phase": "running"}], None),
        ([row("style_client", "nonsense")], None),
        ([], None),
        ({"a": 1}, None),
        ([1], None),
    ],
)
def test_url_of_the_running_service(tmp_path, rows, found):
    state = tmp_path / "state.json"
    state.write_text(json.dumps(rows))
    assert predict_url_of("style_client", state) == found


def test_missing_and_broken_state(tmp_path):
    assert predict_url_of("color_client", tmp_path / "state.json") is None
    (tmp_path / "state.json").write_text("[{")
    assert predict_url_of("color_client", tmp_path / "state.json") is None


def test_folder_command_uses_the_running_service(predictor, tmp_path):
    (tmp_path / ".local").mkdir()
    state = tmp_path / ".local" / "state.json"
    state.write_text(json.dumps([row("color_client", predictor.url)]))
    (tmp_path / "a.png").write_bytes(file_of(scene(60, 40)))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("URL", None)
    for module in ("color_client", "style_client"):
        done = subprocess.run(
            [sys.executable, "-m", module, "a.png", "--out", module],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert len(predictor.seen) == 2
