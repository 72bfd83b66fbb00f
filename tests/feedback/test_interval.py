"""The bounds hold however often they are looked at, and they find what is there."""

import math
import random

import pytest

from feedback.interval import choices_needed, interval, is_decided
from feedback.strengths import strengths

TESTS, VOTES = 2_000, 1_000


def decided_at(random_votes: random.Random, rate: float) -> int | None:
    """After how many votes, looked at after each, a simulated test first has a winner."""
    wins = 0
    for vote in range(1, VOTES + 1):
        wins += random_votes.random() < rate
        if is_decided(wins, vote - wins):
            return vote
    return None


def simulated(rate: float) -> list[int | None]:
    random_votes = random.Random(20)
    return [decided_at(random_votes, rate) for _ in range(TESTS)]


def test_without_a_difference_few_of_2000_tests_ever_have_a_winner():
    wrong = [each for each in simulated(0.5) if each is not None]
    print(f"{len(wrong) / TESTS:.1%} of {TESTS} tests of no difference had a winner")
    assert len(wrong) <= 0.05 * TESTS


def test_at_60_to_40_nearly_all_have_a_winner_by_400_votes():
    times = [each or VOTES + 1 for each in simulated(0.6)]
    by_400, by_500 = (sum(each <= votes for each in times) / TESTS for votes in (400, 500))
    print(f"at 60:40, {by_400:.1%} had a winner by 400 votes, {by_500:.1%} by 500")
    assert by_400 >= 0.87 and by_500 >= 0.94


def test_the_true_rate_is_inside_at_every_moment():
    random_votes = random.Random(7)
    misses = 0
    for _ in range(200):
        wins = 0
        for vote in range(1, 101):
            wins += random_votes.random() < 0.8
            low, high = interval(wins, vote - wins)
            if not low <= 0.8 <= high:
                misses += 1
                break
    assert misses <= 0.05 * 200


def test_the_bounds_are_those_of_the_mixture():
    """By another way: the integral of the likelihood over Beta(10, 10), as a sum."""
    wins, losses = 64, 36
    steps = 20_000
    rates = [(step + 0.5) / steps for step in range(steps)]

    def log_likelihood(rate: float, a: float = wins, b: float = losses) -> float:
        return a * math.log(rate) + b * math.log(1 - rate)

    weight = sum(math.exp(log_likelihood(rate, 9, 9)) for rate in rates)
    mixture = sum(math.exp(log_likelihood(rate, wins + 9, losses + 9)) for rate in rates) / weight
    inside = [rate for rate in rates if mixture / math.exp(log_likelihood(rate)) <= 20]
    low, high = interval(wins, losses)
    assert low == pytest.approx(inside[0], abs=2 / steps)
    assert high == pytest.approx(inside[-1], abs=2 / steps)


def test_bounds_of_few_and_one_sided_votes():
    assert interval(0, 0) == (0.0, 1.0)
    for wins, losses in ((1, 0), (0, 1), (30, 0), (0, 30), (10**6, 10**6)):
        low, high = interval(wins, losses)
        assert 0 <= low <= wins / (wins + losses) <= high <= 1
        assert interval(losses, wins) == pytest.approx((1 - high, 1 - low), abs=1e-9)
    assert interval(0, 30)[0] == 0.0 and interval(30, 0)[1] == 1.0


def test_choices_needed_for_a_decision():
    assert choices_needed(0, 0) is None
    assert choices_needed(50, 50) is None
    assert choices_needed(90, 10) == 0
    more = choices_needed(55, 45)
    share = 0.55 * (100 + more)
    assert is_decided(share, 100 + more - share)
    assert not is_decided(0.55 * (90 + more), 0.45 * (90 + more))


def test_strengths_are_the_odds():
    found = strengths({("a", "b"): 3_000, ("b", "a"): 1_000})
    assert found["a"] / found["b"] == pytest.approx(3, rel=0.01)


def test_strengths_of_models_that_met_a_third():
    """b beats a two to one, c beats b two to one: c beats a four to one."""
    found = strengths({("b", "a"): 2_000, ("a", "b"): 1_000, ("c", "b"): 2_000, ("b", "c"): 1_000})
    assert found["c"] / found["a"] == pytest.approx(4, rel=0.02)
    assert list(found) == ["a", "b", "c"]


def test_a_model_that_never_lost_has_a_strength():
    found = strengths({("a", "b"): 5, ("b", "a"): 0, ("b", "c"): 5, ("c", "b"): 0})
    assert found["a"] > found["b"] > found["c"] > 0
