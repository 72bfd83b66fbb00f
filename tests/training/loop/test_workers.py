"""Several workers by TF_CONFIG: in step with each other, and gone together."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.training.test_cli import SMALL, photo_zip  # noqa: F401 - a fixture
from training.loop.workers import SingleWorker, WorkersError, connect_workers, rank_and_count

ROOT = Path(__file__).resolve().parents[3]


def config(kind: str, index: int, **cluster: list[str]) -> str:
    return json.dumps(
        {"cluster": cluster, "task": {"type": kind, "index": index}, "environment": "cloud"}
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (config("worker", 0, worker=["a:1", "b:1"]), (0, 2)),
        (config("worker", 1, worker=["a:1", "b:1"]), (1, 2)),
        (config("worker", 0, chief=["c:1"], worker=["a:1", "b:1"]), (1, 3)),
        (config("chief", 0, worker=["a:1", "b:1"], chief=["c:1"]), (0, 3)),
        (config("worker", 0, worker=["a:1"]), (0, 1)),
    ],
)
def test_places(text, place):
    assert rank_and_count(text) == place


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not what TFJob sets"),
        ("[]", "not what TFJob sets"),
        ('{"cluster": {}}', "not what TFJob sets"),
        (config("worker", 2, worker=["a:1", "b:1"]), "no address for its own task, worker 2"),
        (config("worker", 0, worker=["a:1"], ps=["b:1"]), "replicas of type ps"),
    ],
)
def test_invalid_tf_config_is_explained(text, message):
    with pytest.raises(WorkersError, match=message):
        rank_and_count(text)


def test_one_replica_or_none_is_a_single_worker(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert isinstance(connect_workers(), SingleWorker)
    monkeypatch.setenv("TF_CONFIG", config("worker", 0, worker=["a:1"]))
    assert isinstance(connect_workers(), SingleWorker)


def addresses(count: int) -> list[str]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    found = [f"127.0.0.1:{one.getsockname()[1]}" for one in held]
    for one in held:
        one.close()
    return found


def start_two(arguments: list, roots: list[Path], log: Path) -> list[subprocess.Popen]:
    cluster = addresses(2)
    processes = []
    for index, root in enumerate(roots):
        command = [sys.executable, "-m", "training", *map(str, arguments), "--export-root", root]
        environment = {**os.environ, "TF_CONFIG": config("worker", index, worker=cluster)}
        with (log.with_suffix(f".{index}")).open("w") as file:
            processes.append(
                subprocess.Popen(
                    list(map(str, command)), cwd=ROOT, env=environment, stdout=file, stderr=file
                )
            )
    return processes


def ended(processes: list[subprocess.Popen], log: Path) -> tuple[list[int], list[str]]:
    try:
        codes = [process.wait(timeout=3600) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return codes, [log.with_suffix(f".{i}").read_text() for i in range(len(processes))]


def history(root: Path) -> list[dict]:
    return json.loads((root / "v1" / "training.json").read_text())["history"]


@pytest.mark.long(1)
@pytest.mark.slow
def test_two_workers_train_as_one_and_resume(photo_zip, tmp_path):  # noqa: F811
    samples = ["--samples", "640", "--samples-per-epoch", "80"]
    arguments = ["--data", photo_zip, *SMALL, *samples]
    roots = [tmp_path / "leader", tmp_path / "follower"]
    processes = start_two(arguments, roots, tmp_path / "first")
    checkpoints = roots[0] / ".checkpoints" / "v1"
    while not list(checkpoints.glob("step-*.npz")):
        assert [process.poll() for process in processes] == [None, None]
        time.sleep(0.01)
    # One is killed: the other ends, too, and says why.
    os.kill(processes[1].pid, signal.SIGKILL)
    codes, logs = ended(processes, tmp_path / "first")
    assert codes == [1, -signal.SIGKILL]
    assert "another worker is gone: start it again" in logs[0]
    assert not (roots[0] / "v1").exists()

    # Both start again, go on, and one publishes.
    codes, logs = ended(start_two(arguments, roots, tmp_path / "second"), tmp_path / "second")
    assert codes == [0, 0], logs
    assert "going on from the checkpoint" in logs[0]
    assert not roots[1].exists()

    alone = tmp_path / "alone"
    command = [sys.executable, "-m", "training", *arguments, "--export-root", alone]
    environment = {k: v for k, v in os.environ.items() if k != "TF_CONFIG"}
    subprocess.run(list(map(str, command)), cwd=ROOT, env=environment, check=True, timeout=3600)
    for one, two in zip(history(alone), history(roots[0]), strict=True):
        assert one == pytest.approx(two, rel=5e-3)


IN_STEP = """
import json, sys
import keras, numpy as np
from training.loop import watch, workers
from training.loop.fit import fit
from training.loop.run import Plan

found = workers.connect_workers()
keras.utils.set_random_seed(found.rank)  # each starts elsewhere: worker 0's weights count
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(1)])
model.compile(keras.optimizers.AdamW(0.05, global_clipnorm=0.5), loss="mse", jit_compile=False)

def batch(step):
    rng = np.random.default_rng(step)
    x = rng.normal(size=(16, 4)).astype(np.float32)
    part = 16 // found.count
    rows = slice(found.rank * part, (found.rank + 1) * part)
    return x[rows], (x.sum(axis=1, keepdims=True) * 3)[rows]

losses = []
class Watch(watch.Watch):
    def on_step(self, step, steps, loss):
        losses.append(loss)

# Worker 1 is asked to stop: both stop, at one step.
asked = lambda: found.rank == found.count - 1 and len(losses) == 20
plan = Plan(steps=30, steps_per_evaluation=10, patience=0, ema=0.9)
state = fit(model, batch, lambda: 0.0, plan, workers=found, watch=Watch(), stop=asked)
np.save(sys.argv[1] + f"/{found.count}-{found.rank}.npy",
        np.concatenate([w.ravel() for w in model.get_weights()]))
print(json.dumps([state.step, losses]))
"""


@pytest.mark.slow
def test_weights_stay_in_step_and_the_loss_is_that_of_one(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CONFIG"}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-c", IN_STEP, str(tmp_path)]
    cluster = addresses(2)
    environments = [{}] + [{"TF_CONFIG": config("worker", i, worker=cluster)} for i in range(2)]
    processes = [
        subprocess.Popen(command, env={**environment, **one}, stdout=subprocess.PIPE, text=True)
        for one in environments
    ]
    outputs = [process.communicate(timeout=3600)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    (step, losses), *others = [json.loads(output.splitlines()[-1]) for output in outputs]
    assert step == 21
    for step_of_two, losses_of_two in others:
        assert step_of_two == 21
        assert losses_of_two == pytest.approx(losses, rel=1e-3)
    alone, zero, one = (np.load(tmp_path / f"{name}.npy") for name in ("1-0", "2-0", "2-1"))
    np.testing.assert_array_equal(zero, one)  # bit for bit
    np.testing.assert_allclose(zero, alone, rtol=1e-3, atol=1e-4)
