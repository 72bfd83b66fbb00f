"""The journal after a restart reads as that of a run that was never interrupted."""

import csv

import numpy as np
import pytest

from training.loop.journal import Journal


def rows(folder) -> list[dict]:
    with (folder / "journal.csv").open() as file:
        return list(csv.DictReader(file))


def events(folder) -> list:
    """Every event in the folder, read by TensorFlow, oldest file first."""
    import tensorflow as tf
    from tensorflow.core.util import event_pb2

    files = sorted(folder.glob("events.out.tfevents.*"), key=lambda path: path.stat().st_mtime_ns)
    records = tf.data.TFRecordDataset([str(file) for file in files])
    return [event_pb2.Event.FromString(record.numpy()) for record in records]


def test_scalars_and_pictures(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)
    with Journal(tmp_path) as journal:
        journal.scalars(1, {"loss": 0.5, "rate": 100.0})
        journal.scalars(2, {"loss": 0.25})
        journal.scalars(2, {"validation/loss": 0.3})
        journal.pictures(2, {"photos": picture})
    assert rows(tmp_path) == [
        {"step": "1", "loss": "0.5", "rate": "100.0", "validation/loss": ""},
        {"step": "2", "loss": "0.25", "rate": "", "validation/loss": ""},
        {"step": "2", "loss": "", "rate": "", "validation/loss": "0.3"},
    ]
    import tensorflow as tf

    scalars = {(e.step, v.tag): v for e in events(tmp_path) for v in e.summary.value}
    assert scalars[1, "loss"].simple_value == 0.5
    assert scalars[2, "validation/loss"].simple_value == pytest.approx(0.3)
    shown = tf.io.decode_image(scalars[2, "photos"].image.encoded_image_string).numpy()
    np.testing.assert_array_equal(shown, picture)


def test_what_came_after_the_checkpoint_is_dropped(tmp_path):
    with Journal(tmp_path) as journal:
        for step in range(1, 6):
            journal.scalars(step, {"loss": 1 / step})
    with (tmp_path / "journal.csv").open("a") as file:
        file.write("6,0.1")  # killed in the middle of a line
    with Journal(tmp_path, step=3) as journal:
        journal.scalars(4, {"loss": 4.0, "new": 1.0})
    assert [(row["step"], row["loss"]) for row in rows(tmp_path)] == [
        ("1", "1.0"), ("2", "0.5"), ("3", str(1 / 3)), ("4", "4.0"),
    ]  # fmt: skip
    starts = [e for e in events(tmp_path) if e.HasField("session_log")]
    assert starts[-1].step == 4  # TensorBoard forgets what stood at that step and beyond


def test_nan_is_written_as_it_is(tmp_path):
    with Journal(tmp_path) as journal:
        journal.scalars(1, {"loss": float("nan")})
    assert rows(tmp_path)[0]["loss"] == "nan"


def test_a_run_that_starts_over_starts_an_empty_table(tmp_path):
    with Journal(tmp_path) as journal:
        journal.scalars(1, {"old": 1.0})
    with Journal(tmp_path) as journal:
        journal.scalars(1, {"loss": 1.0})
    assert rows(tmp_path) == [{"step": "1", "loss": "1.0"}]
