"""`promote`: real Envoy and another terminal, small servers in the models' place."""

import re
import signal
import subprocess
import sys

import pytest

from local.commands.running_file import RunningFile
from local.promotion import CannotPromote
from tests.local.running.test_change import (
    CANARY,
    OTHER,
    Callers,
    Running,
    lasting,  # noqa: F401
    running,  # noqa: F401
    shares,
)
from tests.running import ROOT

pytestmark = pytest.mark.long(1)

APP, COMPONENT = "color-serving", "color-model-serving"


def command(state, *words: str) -> list[str]:
    return [sys.executable, "-m", "local", "promote", *words, "--state", str(state)]


def promote(up: Running, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(up.state.root, *words), capture_output=True, text=True, cwd=ROOT, timeout=300
    )


@pytest.fixture
def up(running):  # noqa: F811
    return running


def test_traffic_changes_in_the_file_and_at_the_gateway(up):
    up.file.chmod(0o640)
    callers = Callers(up)
    try:
        done = promote(up, APP, COMPONENT, "model2", "--traffic", "90")
        assert done.returncode == 0, done.stderr
        assert up.file.read_text() == shares(10, 90)
        assert re.search(r"^- +traffic: 50\n\+ +traffic: 10\n ", done.stdout, re.M)
        assert "no program of it is touched" in done.stdout
        assert 320 <= callers.counted()["model2"] <= 390

        # To the first: the second would have an even share on a cluster, so it is left out.
        done = promote(up, APP, COMPONENT, "model1")
        assert done.returncode == 0, done.stderr
        assert "# - name: model2" in up.file.read_text()
        assert set(callers.counted()) == {"model1"}
        assert "model1 has 100 % already." in promote(up, APP, COMPONENT, "model1").stdout
        gone = promote(up, APP, COMPONENT, "model2")
        assert (gone.returncode, gone.stdout) == (2, "")
        assert "has no predictor model2; did you mean model1?" in gone.stderr
    finally:
        callers.end()
    assert [each for each in callers.answers if each[0] != 200] == []
    assert up.file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in up.file.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("color-servin", COMPONENT, "model2"), "no Application color-servin runs with"),
        (("color-servin", COMPONENT, "model2"), "did you mean color-serving?"),
        ((APP, "color-model", "model2"), "did you mean color-model-serving?"),
        ((APP, COMPONENT, "model3"), "color-model-serving has no predictor model3; did you mean"),
        ((APP, COMPONENT, "model2", "--steps", "10,100"), "--steps are for --when"),
        ((APP, COMPONENT, "model2", "--steps", "10,5"), "does not go upward"),
        ((APP, COMPONENT, "model2", "--traffic", "0"), "'0' is no whole number of percent"),
        ((APP, COMPONENT, "model2", "--when", "errors <"), "is no condition"),
        ((APP, COMPONENT, "model2", "--when", "errors < 1%", "--dry-run"), "waits for nothing"),
        ((APP, COMPONENT, "model2", "--when", "winrate(v2, v1) > 0.5"), "has no client"),
        ((APP, COMPONENT, "model2", "--file", "x.yaml"), "--file is for --dry-run"),
    ],
)
def test_impossible_promotions_are_refused(lasting, words, says):  # noqa: F811
    done = promote(lasting, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_dry_run_prints_the_file_and_changes_nothing(lasting):  # noqa: F811
    done = promote(lasting, APP, COMPONENT, "model2", "--traffic", "60", "--dry-run")
    assert (done.returncode, done.stdout) == (0, shares(40, 60))
    assert done.stderr.startswith("--- ")
    assert lasting.file.read_text() == CANARY
    assert "traffic" not in lasting.out.getvalue()


def test_dry_run_of_a_file_that_does_not_run(tmp_path):
    file = ROOT / "deploy" / "color-canary-serving.yaml"
    words = (APP, COMPONENT, "model2", "--dry-run")
    done = subprocess.run(
        command(tmp_path, *words, "--file", str(file)), capture_output=True, text=True, cwd=ROOT
    )
    expected = file.read_text().replace("traffic: 50", "traffic: 0", 1)
    assert done.stdout == expected.replace("traffic: 50", "traffic: 100")
    without = subprocess.run(command(tmp_path, *words), capture_output=True, text=True, cwd=ROOT)
    assert (without.returncode, without.stdout) == (2, "")
    assert "name its file with --file" in without.stderr


def test_file_that_differs_from_what_runs_is_left_alone(up):
    mended = CANARY.replace("timeout", "# longer than usual\n      timeout")
    up.file.write_text(mended)
    done = promote(up, APP, COMPONENT, "model2")
    assert done.returncode == 2
    assert f"{up.file} is not what runs: python -m local diff {up.file} shows" in done.stderr
    assert up.file.read_text() == mended
    up.file.unlink()
    done = promote(up, APP, COMPONENT, "model2")
    assert (done.returncode, "No such file" in done.stderr) == (2, True)
    assert not up.file.exists()
    assert 10 <= up.who_answers()["model1"] <= 50


def test_failed_promotion_restores_the_file(up):
    file = RunningFile.of(up.state, APP)
    lines: list[str] = []
    broken = CANARY.replace("color-model/model/v1", "other-claim/model/v9")
    assert not file.apply(broken, lambda line, wrong: lines.append(line))
    assert any("Not changed: " in line for line in lines)
    assert up.file.read_text() == CANARY
    assert file.apply(shares(90, 10), lambda *_: None)
    assert up.file.read_text() == shares(90, 10)


def test_unrelated_failure_keeps_file_and_gateway_in_sync(up):
    broken = OTHER.replace("color-model/model/v1", "other-claim/model/v9")
    assert up.local("up", broken).returncode == 1
    up.file.write_text(CANARY)
    # The other one is tried again, and fails again.
    done = promote(up, APP, COMPONENT, "model2")
    assert (done.returncode, up.file.read_text()) == (0, shares(0, 100)), done.stdout
    assert "other/other-serving failed: pvc://other-claim" in done.stdout
    assert up.who_answers() == {"model2": 60}


def test_stopped_application_cannot_be_promoted(tmp_path):
    with Running(tmp_path, CANARY) as up:
        pass
    done = promote(up, APP, COMPONENT, "model2")
    assert done.returncode == 2
    assert f"color-serving does not run: python -m local up {up.file}" in done.stderr
    with pytest.raises(CannotPromote):
        RunningFile.of(up.state, APP)
    assert promote(up, APP, COMPONENT, "model2", "--dry-run").stdout == shares(0, 100)


def test_steps_forward_on_good_evidence_and_back_on_bad(up):
    up.change(shares(95, 5))
    callers = Callers(up)
    try:
        words = (APP, COMPONENT, "model2", "--interval", "0.5", "--when")
        # A stand-in takes 20 ms and more.
        slow = promote(up, *words, "errors < 1% and p95 < 1ms")
        assert slow.returncode == 1, slow.stdout + slow.stderr
        assert "5 %: errors: " in slow.stdout
        assert "wanted < 1 ms, so at most 5.00% slower: no" in slow.stdout
        assert slow.stdout.endswith("Gone back: model2 has what it had before.\n")
        assert up.file.read_text() == shares(95, 5)
        enough = promote(up, *words, "errors < 1%", "--traffic", "5")
        assert (enough.returncode, enough.stdout) == (0, "model2 has 5 % already.\n")

        done = promote(up, *words, "errors < 2% and p95 < 60s", "--steps", "20,100")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "20 %: moving the traffic" in done.stdout
        assert done.stdout.endswith("model2 is promoted.\n")
        assert set(callers.counted()) == {"model2"}
    finally:
        callers.end()
    assert [each for each in callers.answers if each[0] != 200] == []
    assert up.file.read_text() == shares(0, 100)


def test_without_evidence_nothing_changes(lasting):  # noqa: F811
    done = promote(
        lasting, APP, COMPONENT, "model2", "--when", "errors < 1%", "--interval", "0.2",
        "--timeout", "0.5",
    )  # fmt: skip
    assert done.returncode == 3
    assert "50 %: errors: no request yet, wanted < 1.00%: not yet\n" in done.stdout
    assert "No evidence within 0.5 s: what runs stays as it is, and so does" in done.stdout
    assert lasting.file.read_text() == CANARY


def test_ctrl_c_changes_nothing(lasting):  # noqa: F811
    process = subprocess.Popen(
        command(lasting.state.root, APP, COMPONENT, "model2", "--when", "errors < 1%",
                "--interval", "0.2"),
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stdout.readline().startswith("50 %: errors: ")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        last = process.stdout.read().splitlines()[-1]
    finally:
        process.kill()
        process.stdout.close()
    assert last == f"Stopped: what runs stays as it is, and so does {lasting.file}."
    assert lasting.file.read_text() == CANARY


def test_concurrent_change_ends_the_promotion(up):
    process = subprocess.Popen(
        command(up.state.root, APP, COMPONENT, "model2", "--when", "errors < 1%",
                "--interval", "0.2"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stdout.readline().startswith("50 %: errors: ")
        up.change(shares(70, 30))
        _, output = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 2
    assert "is not what runs" in output
    assert up.file.read_text() == shares(70, 30)
