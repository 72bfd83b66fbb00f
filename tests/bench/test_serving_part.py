"""The serving part of the bench, with the real model server and a tiny model."""

import json
import re

import numpy as np
import pytest

from bench.peer_environment import ENVIRONMENT, REQUIREMENTS, peer_program, peer_python
from bench.predict_request import make_request
from bench.report import CannotMeasure
from bench.service import running
from bench.serving_part import _same_answer
from tests.bench.test_bench import bench

pytestmark = pytest.mark.long(1)


@pytest.mark.slow
def test_without_peer(color_model, tmp_path):
    numbers = tmp_path / "bench.json"
    arguments = ("--repeats", 1, "--only", "serving", "--no-peer", "--json", numbers)
    done = bench("--model", color_model, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n## Model server, ") == 2
    assert done.stdout.count("**met**") + done.stdout.count("**not met**") == 4
    assert "LitServe" not in done.stdout

    measured = json.loads(numbers.read_text())["parts"]["serving"]
    assert {name: len(seconds) for name, seconds in measured["seconds_alone"].items()} == {
        "network_packed": 3,
        "network_floats": 3,
        "server_packed": 3,
        "server_floats": 3,
        "stdlib_floats": 3,
    }
    for way in ("network_packed", "server_packed"):
        (loop,) = measured["seconds_together"][way]
        assert len(loop["calls"]) == 8 * 6
        # Eight at once: the calls overlap.
        assert max(loop["calls"]) < loop["wall"] < sum(loop["calls"])
    for way, processes in (("network", 1), ("server", 2)):
        loaded, used = measured["memory"][way]
        assert loaded["processes"] == used["processes"] == processes
        assert 100 < used["rss"] < 5_000
    assert all(
        len(work["read"]) == len(work["write"]) == 1 for work in measured["json_work"].values()
    )


def test_every_run_sends_the_same_request():
    request = make_request()
    assert (request.packed, request.floats) == (make_request().packed, make_request().floats)
    sent = np.array(json.loads(request.floats)["instances"][0]["input_1"], np.float32)
    np.testing.assert_array_equal(sent, request.lightness[0])
    assert sent.shape == (256, 256, 1)
    assert 0 <= sent.min() < 30
    assert 70 < sent.max() <= 100


class Answering:
    def __init__(self, name, ab):
        self.name, self.ab = name, ab

    def predictions(self, body):
        return self.ab


@pytest.mark.parametrize("wrong", [[[[[0.1, 0.2]]]], [[[0.1]]]])
def test_servers_that_do_not_agree_are_not_compared(wrong):
    right = [[[[0.1, -0.2]]]]
    same = {"server": Answering("ours", right), "peer": Answering("the peer", right)}
    np.testing.assert_array_equal(_same_answer(same, b""), np.array(right, np.float32))
    other = {"server": Answering("ours", right), "peer": Answering("the peer", wrong)}
    with pytest.raises(CannotMeasure, match="the peer answers otherwise"):
        _same_answer(other, b"")


def test_the_peer_is_pinned_with_all_that_it_needs():
    lines = REQUIREMENTS.read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*", line) for line in lines)
    names = [line.partition("==")[0] for line in lines]
    assert {"litserve", "fastapi", "uvicorn", "tensorflow", "numpy"} <= set(names)


def test_the_peer_runs_the_tensorflow_that_the_constraints_name():
    constraints = (REQUIREMENTS.parents[2] / "constraints.txt").read_text()
    (pinned,) = re.findall(r"^tensorflow==.*$", REQUIREMENTS.read_text(), re.M)
    assert pinned in constraints.splitlines()


def test_an_installed_peer_is_not_installed_again(tmp_path):
    (tmp_path / "installed.txt").write_text(REQUIREMENTS.read_text())
    assert peer_python(pytest.fail, tmp_path) == tmp_path / "bin" / "python"


def test_a_peer_that_cannot_be_installed(tmp_path, monkeypatch):
    """As without a network: pip finds nothing."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    messages = []
    with pytest.raises(CannotMeasure, match="LitServe .* cannot be installed: ERROR: No matching"):
        peer_python(messages.append, tmp_path / "venv")
    assert len(messages) == 1
    assert not (tmp_path / "venv" / "installed.txt").exists()


@pytest.mark.slow
@pytest.mark.skipif(not ENVIRONMENT.exists(), reason="LitServe is not installed by `make bench`")
def test_the_peer_answers_as_the_model_does(color_model):
    request = make_request()
    program, server = peer_program(peer_python(print), color_model / "1")
    with running(program):
        ab = np.array(server.predictions(request.floats))
    lightness = request.lightness[0]
    rule = np.concatenate([(lightness - 50) / 2, 40 - lightness / 2], axis=-1) / 128
    np.testing.assert_allclose(ab, rule[None], atol=1e-6)
