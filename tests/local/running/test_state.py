"""The state folder, claims and logs: one `up` at a time, whole copies, lines in order."""

import errno
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import pytest

from local.running.applied_files import applied_files
from local.running.logs import LogFiles, follow_logs, read_logs
from local.running.mailbox import ChangeRequest, Mailbox
from local.running.model_copy import ModelCopy
from local.running.state import BadState, InUse, Row, StateFolder
from local.shipped_models import CannotPrepare, ShippedModels
from tests.local.conftest import wait_until
from tests.running import ROOT

ROW = Row("app", "default", "demo", "webservice", "running", True, "Ready:1/1", 2, 1e9,
          (("Service/default/demo", "http://localhost:3333"),))  # fmt: skip


def local(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Another terminal."""
    return subprocess.run(
        [sys.executable, "-m", "local", *arguments, "--state", str(state)],
        capture_output=True, text=True, cwd=ROOT, timeout=120,
    )  # fmt: skip


@pytest.fixture
def state(tmp_path) -> StateFolder:
    return StateFolder(tmp_path / "state")


def saved_model(folder: Path, text: str = "graph") -> Path:
    """A folder that looks like a SavedModel."""
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_text(text)
    return folder


def test_one_up_at_a_time(state):
    with state.own(["training-serving"]):
        assert state.is_running()
        message = rf"training-serving is running with .* {os.getpid()}\)"
        with pytest.raises(InUse, match=message), state.own(["other"]):
            pass
        done = local(state.root, "up", str(ROOT / "tests/local/article/color-serving.yaml"))
        assert done.returncode == 2
        assert "training-serving is running with" in done.stderr
        assert "give all files to one `up`, or keep these apart with --state" in done.stderr
    assert not state.is_running()
    with state.own(["other"]):
        pass


def test_status_from_another_terminal(state):
    with state.own(["app"]):
        state.write_rows([ROW])
        assert state.rows() == [ROW]
        listed = local(state.root, "ls").stdout
        assert listed.split("\n")[1].split()[:7] == [
            "app", "demo", "webservice", "running", "healthy", "Ready:1/1", "2",
        ]  # fmt: skip
        shown = local(state.root, "status", "app", "--endpoint")
        assert shown.returncode == 0
        assert "| local   | Service/default/demo     | http://localhost:3333 |" in shown.stdout
        assert local(state.root, "status", "apps").returncode == 2
    # It was killed: what is left says that it does not run.
    (row,) = state.rows()
    assert (row.phase, row.healthy, row.endpoints) == ("stopped", None, ())
    down = local(state.root, "down", "app")
    assert (down.returncode, down.stderr) == (1, "app does not run\n")


def test_ls_as_json(state):
    with state.own(["app"]):
        state.write_rows([ROW])
        (row,) = json.loads(local(state.root, "ls", "--format", "json").stdout)
    assert row["component"] == "demo"
    assert row["healthy"] is True
    assert row["endpoints"] == [{"reference": "Service/default/demo", "url": ROW.endpoints[0][1]}]
    since = datetime.fromisoformat(row["since"])
    assert (since.timestamp(), since.tzinfo is None) == (1e9, False)
    assert json.loads(local(state.root / "none", "ls", "--format", "json").stdout) == []


def test_since_has_a_zone(state, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    state.write_rows([ROW])
    assert "2001-09-09 09:46:40 +0800 CST" in local(state.root, "ls").stdout


def test_down_of_what_has_finished(state):
    job = replace(ROW, phase="succeeded", type="task")
    server = replace(ROW, component="server", phase="running")
    with state.own(["app"]):
        state.write_rows([job])
        done = local(state.root, "down", "app")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("app has finished, and nothing of it runs; its claims are ")
        assert state.requests() == []
        # Beside something that runs, what had finished before is named.
        state.write_rows([job, server])
        other = subprocess.Popen(
            [sys.executable, "-m", "local", "down", "app", "--state", str(state.root)],
            stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        wait_until(lambda: state.requests() == ["app"], 60)
        state.write_rows([job, replace(server, phase="stopped")])
        output, _ = other.communicate(timeout=60)
    assert other.returncode == 0
    assert output.startswith("app is stopped (demo had finished before); its claims are kept in ")


def test_nothing_has_run(state):
    assert local(state.root, "ls").stderr.startswith("nothing has run with ")
    done = local(state.root, "status", "x")
    assert done.returncode == 2
    assert not state.root.exists()


def test_state_folder_that_cannot_be_created(tmp_path):
    (tmp_path / "file").touch()
    folder = StateFolder(tmp_path / "file")
    with pytest.raises(BadState, match="choose another with --state"), folder.own(["x"]):
        pass


def test_unreadable_state_folder(tmp_path):
    (tmp_path / "lock").mkdir()
    for words in (("ls",), ("status", "x"), ("diff", "deploy/color-model.yaml")):
        done = local(tmp_path, *words)
        message = f"python -m local: {tmp_path}: Is a directory; choose another with --state\n"
        assert (done.returncode, done.stderr) == (2, message)


def test_requests_are_read_once(state):
    with state.own(["app"]):
        state.request_down("app")
        assert state.requests() == ["app"]
        assert state.requests() == []


def test_logs_of_several_components_in_order(state):
    logs = LogFiles(state)
    for number in range(4):
        logs.line(("app", "ab"[number % 2]), f"program-{number % 2}", f"line {number}")
    logs.close()
    paths = [state.log("app", name) for name in "ab"]
    lines = [line.split(" ", 1)[1] for line in read_logs(paths)]
    assert sorted(lines) == [f"program-{n % 2} | line {n}\n" for n in (0, 2, 1, 3)]
    assert list(follow_logs(paths, state)) == list(read_logs(paths))


def test_rotated_log_is_read_completely(state, monkeypatch):
    monkeypatch.setattr("local.running.logs._MAX_BYTES", 200)
    logs = LogFiles(state)
    path = state.log("app", "a")
    with state.own(["app"]):
        following = follow_logs([path], state)
        for number in range(6):
            # Of a progress bar.
            logs.line(("app", "a"), "a", f"{number} 10%\r20% ö")
            assert next(following).endswith(f" a | {number} 10%\r20% ö\n")
    logs.close()
    assert path.with_suffix(".log.1").exists()
    assert list(following) == []
    lines = list(read_logs([path]))
    assert [line.partition("| ")[2][0] for line in lines] == list("012345")
    assert list(follow_logs([path], state)) == lines


@pytest.mark.parametrize("lose", [Path.unlink, lambda path: path.rename(path.with_name("kept"))])
def test_a_log_that_is_deleted_or_rotated_by_others_is_made_anew(state, lose):
    logs = LogFiles(state)
    logs.line(("app", "client"), "client", "one")
    lose(state.log("app", "client"))
    logs.line(("app", "client"), "client", "two")
    logs.close()
    assert [line.split("| ")[1] for line in read_logs([state.log("app", "client")])] == ["two\n"]


def test_log_that_cannot_be_rotated_is_restarted(state, monkeypatch):
    """Whoever prints must not wait for it."""
    monkeypatch.setattr("local.running.logs._MAX_BYTES", 50)
    logs = LogFiles(state)
    logs.line(("app", "a"), "a", "x" * 50)
    shutil.rmtree(state.root / "logs")
    logs.line(("app", "a"), "a", "lost with its file")
    logs.line(("app", "a"), "a", "new")
    logs.close()
    assert state.log("app", "a").read_text().endswith(" a | new\n")


def test_shipped_models_are_copied_once(tmp_path):
    source, claim, lines = tmp_path / "models", tmp_path / "claim", []
    saved_model(source / "color" / "v1" / "1")
    (source / "color" / "v1" / "contact-sheet.png").touch()
    copy = ShippedModels("color", claim, source)
    copy.run(lines.append)
    assert lines == ["color v2/2 is not shipped here yet", "model/v1/1 copied"]
    assert (claim / "model" / "v1" / "1" / "saved_model.pb").read_text() == "graph"
    assert not (claim / "model" / "v1" / "contact-sheet.png").exists()

    saved_model(source / "color" / "v2" / "2")
    (source / "color" / "v1" / "1" / "saved_model.pb").write_text("another")
    lines.clear()
    copy.run(lines.append)
    there = claim / "model" / "v1" / "1"
    assert lines == [
        "model/v1/1 is there already and is not the one that is shipped here; to serve that, "
        f"remove {there} and start again",
        "model/v2/2 copied",
    ]
    assert (there / "saved_model.pb").read_text() == "graph"
    assert sorted(path.name for path in (claim / "model").iterdir()) == ["v1", "v2"]

    shutil.rmtree(there)
    lines.clear()
    copy.run(lines.append)
    assert lines == ["model/v1/1 copied", "model/v2/2 is there already"]
    assert (there / "saved_model.pb").read_text() == "another"


def test_style_has_no_folder_of_its_version(tmp_path):
    saved_model(tmp_path / "models" / "style" / "1")
    ShippedModels("style", tmp_path / "claim", tmp_path / "models").run(lambda _: None)
    assert (tmp_path / "claim" / "model" / "1" / "saved_model.pb").exists()


def test_no_model_is_shipped(tmp_path):
    (tmp_path / "models").mkdir()
    with pytest.raises(CannotPrepare, match="ships no style model yet"):
        ShippedModels("style", tmp_path / "claim", tmp_path / "models").run(lambda _: None)


def test_a_model_is_copied_as_seldon_does(tmp_path):
    claim = tmp_path / "my-pvc"
    saved_model(claim / "1")
    (claim / "2").symlink_to(claim / "1")
    (claim / "1" / "link").symlink_to(claim / "1" / "saved_model.pb")
    copy = ModelCopy("pvc://my-pvc", claim, "", tmp_path / "served" / "x")
    lines: list[str] = []
    copy.run(lines.append)
    assert lines == ["pvc://my-pvc copied: version 1"]
    names = sorted(path.name for path in (tmp_path / "served" / "x").rglob("*"))
    assert names == ["1", "saved_model.pb", "variables"]

    saved_model(claim / "3")
    copy.run(lines.append)
    assert lines[1] == "pvc://my-pvc copied: version 1, 3"


def test_nothing_to_serve(tmp_path):
    def copy(path: str) -> None:
        claim = tmp_path / "color-model"
        ModelCopy("pvc://color-model/m", claim, path, tmp_path / "x").run(lambda _: None)

    with pytest.raises(
        CannotPrepare,
        match="the claim is empty; run first .*color-model.yaml.* into .*/color-model$",
    ):
        copy("m")
    (tmp_path / "color-model" / "m").mkdir(parents=True)
    with pytest.raises(CannotPrepare, match="the claim has no such folder"):
        copy("other")
    with pytest.raises(CannotPrepare, match="holds no N/saved_model.pb"):
        copy("m")


@pytest.mark.parametrize("text", ["[1]", '[{"a": 1}]', "{}", '"x"', "[null]", '{"a', "\x00"])
def test_files_of_another_version_are_as_none(text, state):
    for name in ("state.json", "running.json", "applied.json", "changes/answered/1.json"):
        (state.root / name).parent.mkdir(parents=True, exist_ok=True)
        (state.root / name).write_text(text)
    assert state.rows() == []
    assert "another up is running" in state.describe_owner()
    assert applied_files(state) == {}
    assert Mailbox(state).read_answer(ChangeRequest([], id="1")) == ([], None)
    for command in (("ls",), ("status", "app"), ("promote", "app", "a", "b")):
        done = local(state.root, *command)
        assert done.returncode == (0 if command == ("ls",) else 2)
        assert len(done.stderr.splitlines()) == 1


def test_what_a_newer_version_says_more_is_not_read(state):
    state.write("state.json", [{**asdict(ROW), "more": 1}])
    assert [row.component for row in state.rows()] == ["demo"]


def test_a_request_of_another_version_is_answered(state):
    mailbox = Mailbox(state)
    state.write("changes/asked/1.json", {"files": []})
    assert mailbox.requests() == []
    lines, code = mailbox.read_answer(ChangeRequest([], id="1"))
    assert (lines, code) == (
        ["the `up` that runs is of another version: stop it, and start it again"], 2,
    )  # fmt: skip


def test_on_a_full_disk_what_runs_can_be_stopped(state, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(BadState, match="No space left on device; make room there, or choose"):
        state.write("changes/asked/1.json", {})
    state.request_down("app")
    assert state.requests() == ["app"]
    assert state.requests() == []
