"""What `--when` says: read, refused, judged."""

import random

import pytest

from local.promotion.conditions import Guard, WinRate, parse, significantly_above
from local.promotion.evidence import GatewayStats


def pair(low: float, high: float, models=("color/v1", "color/v2"), choices=212) -> dict:
    rate = (low + high) / 2
    return {"models": list(models), "win_rate": rate, "interval": [low, high], "choices": choices}


def judged(text: str, *pairs: dict, measured: GatewayStats | None = None):
    (condition,) = parse(text)
    return condition.judge({"pairs": list(pairs)}, measured or GatewayStats())


def test_conditions_are_read():
    assert parse("winrate(v2, v1) > 0.5 and errors < 1% and p95<2s") == (
        WinRate("v2", "v1", True, 0.5), Guard("errors", 0.01), Guard("p95", 2000.0),
    )  # fmt: skip
    assert parse(" winrate( color/v2,color/v1 )<45%") == (
        WinRate("color/v2", "color/v1", False, 0.45),
    )
    assert parse("errors < .005 and p95 < 250ms") == (Guard("errors", 0.005), Guard("p95", 250.0))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "'' is no condition"),
        ("winrate(v2) > 0.5", "is no condition"),
        ("winrate(v2, v1) >= 0.5", "is no condition"),
        ("errors > 1%", "is no condition"),
        ("errors < 1% or p95 < 2s", "is no condition"),
        ("__import__('os').system('true')", "is no condition"),
        ("winrate(v2, v1) > 50", "a share is above 0 and below 1"),
        ("winrate(v2, v2) > 0.5", "not one with itself"),
        ("errors < 0%", "a share is above 0"),
        ("errors < 2s", "a share is above 0"),
        ("p95 < 2", "a time is as in 500ms or 2s"),
        ("p95 < 0s", "a time is"),
        ("errors < 1% and", "is no condition"),
    ],
)
def test_invalid_conditions_are_refused(text, says):
    with pytest.raises(ValueError, match=".") as refused:
        parse(text)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("text", "interval", "verdict"),
    [
        # The interval is of v1, the first by name.
        ("winrate(v2, v1) > 0.5", (0.29, 0.43), "yes"),
        ("winrate(v2, v1) > 0.5", (0.45, 0.60), "not yet"),
        ("winrate(v2, v1) > 0.5", (0.51, 0.60), "no"),
        ("winrate(v1, v2) > 0.5", (0.51, 0.60), "yes"),
        ("winrate(color/v1, color/v2) < 0.5", (0.29, 0.43), "yes"),
        ("winrate(v1, v2) < 0.5", (0.51, 0.60), "no"),
        ("winrate(v2, v1) > 0.6", (0.29, 0.41), "not yet"),
    ],
)
def test_a_win_rate_is_judged_by_its_interval(text, interval, verdict):
    assert judged(text, pair(*interval)).verdict == verdict


def test_judgment_text_shows_the_evidence():
    assert judged("winrate(v2, v1) > 0.5", pair(0.29, 0.43)).text == (
        "winrate(v2, v1) 0.64 [0.57, 0.71] of 212 choices, wanted > 0.5: yes"
    )
    nothing = judged("winrate(v3, v1) > 0.5", pair(0.29, 0.43))
    assert nothing.verdict == "not yet"
    assert "no choice between them yet; seen: color/v1, color/v2" in nothing.text
    two = judged("winrate(v2, v1) > 0.5", pair(0.2, 0.3), pair(0.2, 0.3, ("style/v1", "style/v2")))
    assert (two.verdict, "of several pairs" in two.text) == ("not yet", True)
    assert judged("winrate(v2, v1) > 0.5", {**pair(0, 1), "win_rate": None}).verdict == "not yet"


@pytest.mark.parametrize(
    ("failed", "requests", "verdict"),
    [
        (0, 0, "not yet"), (0, 99, "not yet"), (0, 100, "yes"), (1, 200, "yes"),
        (2, 150, "not yet"), (2, 2, "no"), (30, 1000, "no"),
    ],
)  # fmt: skip
def test_errors_are_a_guard(failed, requests, verdict):
    assert judged("errors < 1%", measured=GatewayStats(requests, failed)).verdict == verdict


def test_p95_guard():
    within = ((500.0, 900), (1000.0, 960), (2500.0, 1000))
    measured = GatewayStats(1000, 0, within)
    assert [measured.slower_than(ms) for ms in (500, 1000, 1750, 2500, 9000)] == [
        100, 40, 20, 0, 0,
    ]  # fmt: skip
    assert judged("p95 < 1s", measured=measured).verdict == "yes"
    assert judged("p95 < 500ms", measured=measured).verdict == "no"
    assert judged("p95 < 500ms", measured=GatewayStats()).verdict == "not yet"


def test_stats_since():
    before = GatewayStats(10, 1, ((5.0, 4), (10.0, 9)))
    assert GatewayStats(30, 2, ((5.0, 10), (10.0, 29))).since(before) == (
        GatewayStats(20, 1, ((5.0, 6), (10.0, 20)))
    )
    # The gateway was started again.
    assert GatewayStats(3, 0).since(before) == GatewayStats(3, 0)
    assert GatewayStats(12, 0).since(before) == GatewayStats(12, 0)


def test_chance_alone_breaks_a_guard_in_one_of_twenty_at_most():
    """2,000 predictors that fail as often as is just allowed, looked at after every request."""
    chance = random.Random(1)
    broken = 0
    for _ in range(2000):
        bad = 0
        for count in range(1, 301):
            bad += chance.random() < 0.05
            if significantly_above(bad, count, 0.05):
                broken += 1
                break
    assert broken <= 0.05 * 2000
