"""The progress line says how fast and how long."""

import pytest

from training.program import progress
from training.program.progress import Progress, duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (40, "40 s"), (130, "130 s"), (200, "3 min"), (3900, "1 h 05 min")],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_time_left_follows_the_last_minute(monkeypatch, capsys):
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    report = Progress("training", "samples")
    for second in range(0, 100, 10):  # 10 a second
        clock[0] = second
        report(10 * second, 10_000)
    clock[0] = 1090.0  # held up for 1000 s
    report(900, 10_000)
    for second in range(1100, 1200, 10):
        clock[0] = second
        report(900 + 10 * (second - 1090), 10_000)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "training: 1,900/10,000 samples, 10 samples/s, 13 min left"


def test_the_last_line_always_comes(capsys):
    report = Progress("reading", "photos")
    report(1, 3)
    report(2, 3)
    report(3, 3, "done")
    assert capsys.readouterr().err.splitlines()[-1].startswith("reading: 3/3 photos, ")


def test_the_rate_of_a_run_that_goes_on_is_its_own(monkeypatch, capsys):
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    report = Progress("training", "samples", start=5000)
    clock[0] = 10.0
    report(5100, 10_000)
    assert "10 samples/s, 8 min left" in capsys.readouterr().err
