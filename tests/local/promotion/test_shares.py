"""Shares of the traffic: whole percents that sum to 100."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.promotion import CannotPromote
from local.promotion.shares import with_share


@pytest.mark.parametrize(
    ("shares", "predictor", "percent", "expected"),
    [
        ({"a": 50, "b": 50}, "b", 100, {"a": 0, "b": 100}),
        ({"a": 90, "b": 10}, "b", 50, {"a": 50, "b": 50}),
        ({"a": 60, "b": 30, "c": 10}, "c", 40, {"a": 40, "b": 20, "c": 40}),
        # What has nothing gets nothing, unless nobody else is there to take the rest.
        ({"a": 0, "b": 70, "c": 30}, "c", 40, {"a": 0, "b": 60, "c": 40}),
        ({"a": 0, "b": 100}, "b", 25, {"a": 75, "b": 25}),
        # Who had some keeps some: 0 would be an even share on a cluster.
        ({"a": 97, "b": 1, "c": 2}, "c", 90, {"a": 9, "b": 1, "c": 90}),
        ({"a": 34, "b": 33, "c": 33}, "a", 1, {"a": 1, "b": 50, "c": 49}),
        ({"a": 100}, "a", 100, {"a": 100}),
    ],
)
def test_the_rest_is_shared_in_proportion(shares, predictor, percent, expected):
    assert with_share(shares, predictor, percent) == expected


@pytest.mark.parametrize(
    ("shares", "percent", "says"),
    [
        ({"a": 100}, 50, "a is the only predictor"),
        ({"a": 50, "b": 25, "c": 25}, 99, "1 % cannot be shared among 2"),
    ],
)
def test_impossible_shares_are_refused(shares, percent, says):
    with pytest.raises(CannotPromote, match=says):
        with_share(shares, "a", percent)


@given(
    st.lists(st.integers(1, 100), min_size=2, max_size=6).map(
        lambda weights: {str(index): weight for index, weight in enumerate(weights)}
    ),
    st.integers(1, 94),
)
def test_shares_sum_to_100_and_include_all(shares, percent):
    new = with_share(shares, "0", percent)
    assert sum(new.values()) == 100
    assert new["0"] == percent
    assert min(new.values()) >= 1
    others = {name: share for name, share in shares.items() if name != "0"}
    for name, share in others.items():
        # The one percent that each keeps may be taken from the others.
        exact = (100 - percent) * share / sum(others.values())
        assert abs(new[name] - exact) <= len(others)
