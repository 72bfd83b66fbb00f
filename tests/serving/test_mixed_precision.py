"""bfloat16 only where the processor has it, where a model's own warm-up record bears it, and where
it is faster.
"""

import io
import logging
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from serving import mixed_precision, processor, servable, warmup
from serving.errors import ServingError
from serving.loading import Loader
from serving.mixed_precision import difference, speedup
from tests.serving.server_process import ROOT
from tests.serving.small_models import write_version

RAMP = np.linspace(-3, 5, 1000, dtype=np.float32)


def picture(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8).reshape(25, 40)).save(file, "PNG")
    return file.getvalue()


def strings(*values: bytes) -> np.ndarray:
    return np.array(values, np.object_)


GRAY = np.linspace(0, 255, 1000)
DULL = np.linspace(100, 120, 1000)  # a level is 5 % of its range
ONE_PIXEL = np.arange(1000) == 500


@pytest.mark.parametrize(
    ("plain", "mixed", "matters"),
    [
        (RAMP, RAMP, False),
        (RAMP, RAMP + 0.015, False),  # of a range of 8
        (RAMP, RAMP + 0.025, True),
        (RAMP, np.where(np.arange(1000) == 7, RAMP + 0.15, RAMP), False),
        (RAMP, np.where(np.arange(1000) == 7, RAMP + 0.25, RAMP), True),
        (RAMP, RAMP * np.nan, True),
        (RAMP, RAMP[:-1], True),
        (np.zeros(3, np.float32), np.full(3, 1e-6, np.float32), True),  # no range to judge by
        (np.arange(9), np.arange(9), False),
        (np.arange(9), np.arange(9) + 1, True),
        (strings(b"cat"), strings(b"cat"), False),
        (strings(b"cat"), strings(b"dog"), True),
        (strings(picture(GRAY)), strings(picture(GRAY + 0.5)), False),
        (strings(picture(GRAY)), strings(picture(GRAY + 2)), True),
        (strings(picture(GRAY)), strings(picture(GRAY[::-1])), True),
        (strings(picture(DULL)), strings(picture(DULL + ONE_PIXEL)), False),  # rounded otherwise
        (strings(picture(DULL)), strings(picture(DULL + 2 * ONE_PIXEL)), True),
        (strings(picture(GRAY), b"a"), strings(picture(GRAY + 0.5), b"b"), True),
        (strings(picture(GRAY)), strings(b"no picture"), True),
    ],
)
def test_which_differences_matter(plain, mixed, matters):
    assert difference([{"y": RAMP}, {"y": plain}], [{"y": RAMP}, {"y": mixed}]).matters is matters


@pytest.mark.parametrize(
    ("flags", "has"),
    [("fpu avx2 avx512f amx_bf16", True), ("fpu avx2 avx512f", False), (None, False)],
)
def test_bfloat16_support_is_detected(tmp_path, flags, has):
    cpuinfo = tmp_path / "cpuinfo"
    if flags:
        cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    assert processor.has_bfloat16(cpuinfo) is has
    assert processor.features(cpuinfo) == set((flags or "").split()) - {"fpu"}


def test_tensorflow_is_asked_for_the_rewrite():
    configs = [servable._session_config(0, requested) for requested in (True, False)]
    on = [c.graph_options.rewrite_options.auto_mixed_precision_onednn_bfloat16 for c in configs]
    assert on == [1, 0]  # ON, and TensorFlow's own choice


@pytest.mark.parametrize(
    ("other", "faster", "kept", "said"),
    [
        (1, 1.5, "bfloat16", ", and is 1.50 × as fast"),
        (1, 1.05, "float32", ", and is 1.05 × as fast"),
        (2, 1.5, "float32", " of an output's range"),
    ],
)
def test_the_warm_up_record_decides(tmp_path, monkeypatch, caplog, other, faster, kept, said):
    """A model that answers otherwise, or not, stands in for the same in bfloat16."""
    monkeypatch.setattr(mixed_precision, "speedup", lambda plain, mixed: faster)
    plain = write_version(tmp_path / "plain", 1, requests=[{"x": [1.0, 2.0, 3.0]}])
    mixed = write_version(tmp_path / "mixed", other, requests=[{"x": [1.0, 2.0, 3.0]}])
    load, requested, closed = servable.load, [], []

    def load_either(folder, version, threads, *, bfloat16=False):
        loaded = load(mixed if bfloat16 else folder, version, threads)
        requested.append((loaded, bfloat16))
        monkeypatch.setattr(loaded, "close", lambda: closed.append(loaded))
        return loaded

    monkeypatch.setattr(servable, "load", load_either)
    with caplog.at_level(logging.INFO, "serving.loading"):
        found = Loader(bfloat16=True)(plain, 1)
    (message,) = [line for line in caplog.messages if "computes in" in line]
    assert message.startswith(f"version 1 computes in {kept}: bfloat16 changes ")
    assert message.endswith(said)
    (used,) = [each for each, _ in requested if each not in closed]
    assert found is used
    assert dict(requested)[found] is (kept == "bfloat16")

    # Without a record there is nothing to judge by.
    unknown = write_version(tmp_path / "unknown", 1)
    requested.clear()
    found = Loader(bfloat16=True)(unknown, 1)
    assert requested == [(found, False)]


def test_stateful_model_has_run_only_its_record(tmp_path, monkeypatch):
    """However often it was run to find out whether bfloat16 is worth it."""
    monkeypatch.setattr(
        mixed_precision, "speedup", lambda *works: [work() for work in works] and 2.0
    )
    folder = write_version(tmp_path, 1, count=True, requests=[{"x": [1.0]}] * 3)
    found = Loader(bfloat16=True)(folder, 1)
    (fourth, *_) = warmup.warm_up(found, folder)
    assert [float(value) for each in fourth.values() for value in np.ravel(each)] == [4.0]


def test_a_rewrite_that_fails_changes_nothing(tmp_path, monkeypatch, caplog):
    folder = write_version(tmp_path, 1, requests=[{"x": [1.0, 2.0, 3.0]}])
    load = servable.load

    def load_plain(*arguments, bfloat16=False):
        if bfloat16:
            raise ServingError("INTERNAL", "no kernel")
        return load(*arguments)

    monkeypatch.setattr(servable, "load", load_plain)
    with caplog.at_level(logging.INFO, "serving.loading"):
        assert Loader(bfloat16=True)(folder, 1).version == 1
    assert "version 1 computes in float32: bfloat16 fails: no kernel" in caplog.messages


def test_speedup_is_measured_in_turns(monkeypatch):
    """By clocks that only the work moves: once in a while other requests make it longer."""
    now, rounds = [0.0], []
    for name in ("process_time", "monotonic"):
        monkeypatch.setattr(mixed_precision.time, name, lambda: now[0])

    def work(*seconds: float):
        left = iter(seconds)

        def run() -> None:
            rounds.append(seconds)
            now[0] += next(left)

        return run

    assert speedup(work(0.3, 0.2, 0.9, 0.2, 0.2), work(0.9, 0.1, 0.1, 0.1, 0.1)) == pytest.approx(2)
    rounds.clear()
    assert speedup(work(20.0), work(10.0)) == pytest.approx(2)
    assert len(rounds) == 2  # too slow for a second round


def test_the_flag():
    command = [sys.executable, "-m", "serving", "--mixed_precision=float16"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "--mixed_precision: invalid choice: 'float16'" in done.stderr
