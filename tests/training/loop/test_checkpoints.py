"""Checkpoints come back as they were saved, and a broken one never stands in the way."""

import signal
import subprocess
import sys
import time

import ml_dtypes
import numpy as np
import pytest

from training.loop.checkpoints import Checkpoints


def arrays(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"model/kernel": rng.normal(size=(3, 4)).astype(np.float32), "steps": np.array(seed)}


def test_comes_back_as_it_was(tmp_path):
    kept = Checkpoints(tmp_path / "run")
    assert kept.latest() is None
    kept.save(7, arrays(7), {"best": 0.25, "note": "é"})
    found = kept.latest()
    assert (found.step, found.state) == (7, {"best": 0.25, "note": "é"})
    assert set(found.arrays) == {"model/kernel", "steps"}
    for name, array in arrays(7).items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype


def test_keeps_the_last_two(tmp_path):
    kept = Checkpoints(tmp_path)
    for step in (9, 10, 100):
        kept.save(step, arrays(step), {})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-10.npz", "step-100.npz"]
    assert kept.latest().step == 100


@pytest.mark.parametrize("damage", ["cut", "changed", "emptied"])
def test_a_broken_one_is_left_out_with_a_notice(tmp_path, damage):
    notices = []
    kept = Checkpoints(tmp_path, notice=notices.append)
    kept.save(1, arrays(1), {})
    path = kept.save(2, arrays(2), {})
    data = path.read_bytes()
    middle = data.index(b"\x93NUMPY") + 140  # in the values of the first array
    broken = {
        "cut": data[:-30],
        "changed": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "emptied": b"",
    }
    path.write_bytes(broken[damage])
    assert kept.latest().step == 1
    assert len(notices) == 1
    assert "step-2.npz is broken" in notices[0]


def test_failed_write_keeps_earlier_checkpoints(tmp_path, monkeypatch):
    kept = Checkpoints(tmp_path)
    kept.save(1, arrays(1), {})

    def refuse(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.program.files.flush_file", refuse)
    with pytest.raises(OSError, match="No space left"):
        kept.save(2, arrays(2), {})
    assert [p.name for p in tmp_path.iterdir()] == ["step-1.npz"]
    assert kept.latest().step == 1


def test_unsupported_dtype_is_refused(tmp_path):
    with pytest.raises(ValueError, match="bfloat16"):
        Checkpoints(tmp_path).save(1, {"x": np.zeros(2, ml_dtypes.bfloat16)}, {})


def test_removes_itself_and_an_empty_folder_above(tmp_path):
    one, other = (Checkpoints(tmp_path / ".checkpoints" / name) for name in ("v1", "v2"))
    one.save(1, arrays(1), {})
    other.save(1, arrays(1), {})
    one.remove()
    assert [p.name for p in (tmp_path / ".checkpoints").iterdir()] == ["v2"]
    other.remove()
    assert list(tmp_path.iterdir()) == []
    other.remove()  # nothing to do


WRITES = """
import sys
from pathlib import Path
import numpy as np
from training.loop.checkpoints import Checkpoints

kept = Checkpoints(Path(sys.argv[1]))
for step in range(1, 10_000):
    kept.save(step, {"x": np.full(300_000, step, np.int32)}, {"half": step / 2})
    print(step, flush=True)
"""


def test_killed_at_any_moment_the_last_one_is_whole(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", WRITES, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        for _ in range(3):
            step = int(process.stdout.readline())
        time.sleep(np.random.default_rng().uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        step = int((process.stdout.read().split() or [step])[-1])
    notices = []
    kept = Checkpoints(tmp_path, notice=notices.append)
    found = kept.latest()
    assert found.step >= step
    assert found.state == {"half": found.step / 2}
    assert (found.arrays["x"] == found.step).all()
    assert notices == []
    kept.save(found.step + 1, {}, {})  # sweeps up what was half written
    assert len(list(tmp_path.iterdir())) == 2
