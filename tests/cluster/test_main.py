"""What is said of a cluster that fails: `kubectl` is a script here."""

import pytest

from tests.cluster import __main__ as program
from tests.cluster.kubectl import ClusterFailed

KUBECTL = """#!/bin/sh
echo "$1" >> {asked}
case "$1" in
version) echo '{{"serverVersion": {{"gitVersion": "v1.36.0"}}}}' ;;
{refused}) echo "the server refuses" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Puts a cluster there that refuses one verb; gives what it was asked, one verb a line."""

    def make(refused: str):
        calls = tmp_path / "asked"
        kubectl = tmp_path / "kubectl"
        kubectl.write_text(KUBECTL.format(asked=calls, refused=refused))
        kubectl.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        monkeypatch.delenv("CLUSTER_LOAD", raising=False)
        return calls

    return make


def failing(error: BaseException):
    def step(image: str) -> None:
        """Fails."""
        raise error

    return {"failing": step}


def test_remaining_namespace_hides_no_step_error(cluster, monkeypatch, capsys):
    calls = cluster(refused="delete")
    monkeypatch.setattr(program, "STEPS", failing(ClusterFailed("the pod never ran")))
    assert program.main([]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "make cluster-test: the pod never ran",
        "make cluster-test: kubectl delete namespace colorway-test --ignore-not-found: "
        "the server refuses",
    ]
    assert calls.read_text().split() == ["version", "create", "delete"]


def test_remaining_namespace_is_a_failure(cluster, monkeypatch, capsys):
    cluster(refused="delete")
    monkeypatch.setattr(program, "STEPS", {})
    assert program.main([]) == 1
    assert "all of it works" not in capsys.readouterr().out


def test_bug_is_raised_and_namespace_removed(cluster, monkeypatch):
    calls = cluster(refused="nothing")
    monkeypatch.setattr(program, "STEPS", failing(KeyError("a mistake")))
    with pytest.raises(KeyError):
        program.main([])
    assert calls.read_text().split()[-1] == "delete"


def test_no_steps_run_without_a_namespace(cluster, monkeypatch, capsys):
    calls = cluster(refused="create")
    assert program.main([]) == 1
    assert calls.read_text().split() == ["version", "create"]
    assert "create namespace colorway-test: the server refuses" in capsys.readouterr().err


def test_missing_kubectl_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program.main([]) == 1
    assert capsys.readouterr().err == (
        "make cluster-test: kubectl cannot be run: No such file or directory\n"
    )
