"""How often one caller may come."""

import pytest

from web import rate_limit
from web.rate_limit import RateLimit


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets: `clock[0]`, in seconds."""
    now = [1_000.0]
    monkeypatch.setattr(rate_limit.time, "monotonic", lambda: now[0])
    return now


def test_limit_per_minute_then_gradual_refill(clock):
    limit = RateLimit(6)
    assert [limit.wait_s("192.0.2.1") for _ in range(7)] == 6 * [0] + [10]
    clock[0] += 4
    assert limit.wait_s("192.0.2.1") == 6
    clock[0] += 6
    assert [limit.wait_s("192.0.2.1") for _ in range(2)] == [0, 10]
    clock[0] += 3_600
    assert [limit.wait_s("192.0.2.1") for _ in range(7)] == 6 * [0] + [10]


def test_callers_are_told_apart_by_address_and_by_network_of_ipv6(clock):
    limit = RateLimit(1)
    assert limit.wait_s("192.0.2.1") == limit.wait_s("192.0.2.2") == 0
    assert limit.wait_s("2001:db8::1") == 0
    assert limit.wait_s("2001:db8::2") == 60
    assert limit.wait_s("2001:db8:0:1::1") == 0
    assert limit.wait_s(None) == 0 and limit.wait_s("no address") == 60


def test_only_the_latest_callers_are_remembered(clock):
    limit = RateLimit(1, most_callers=3)
    for host in range(4):
        assert limit.wait_s(f"192.0.2.{host}") == 0
    assert limit.wait_s("192.0.2.3") == 60
    assert limit.wait_s("192.0.2.0") == 0
    assert len(limit._left) == 3
