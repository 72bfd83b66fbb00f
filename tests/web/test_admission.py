"""What may be in progress at once."""

import pytest

from web.admission import Admission
from web.deadline import Deadline


class Refused(Exception):
    """Over a limit."""


def admission(**limits: int) -> Admission:
    return Admission(limits.pop("max_requests", 10), Refused, **limits)


def test_bodies_together_are_limited_and_one_alone_is_not():
    limited = admission(max_bytes=100)
    with limited.receive() as first, limited.receive() as second:
        first(300)
        with pytest.raises(Refused):
            second(1)
    assert limited.bytes == 0
    with limited.receive() as again:
        again(60)
        again(60)


def test_requests_together_are_limited():
    limited = admission(max_requests=1)
    with limited.request(), pytest.raises(Refused), limited.request():
        pass
    assert limited.requests == 0


def test_costly_request_waits_and_is_refused_at_its_deadline():
    limited = admission(max_cost=100)
    with limited.reserve(300, Deadline(1)) as reservation:
        with pytest.raises(Refused), limited.reserve(10, Deadline(0.05)):
            pass
        reservation.shrink(90)
        with limited.reserve(10, Deadline(1)):
            assert limited.cost == 100
    assert limited.cost == 0
