"""How long a photo counts as in progress."""

import gc
from contextlib import ExitStack

import pytest
from flask import Response

from photo_client.admission import BYTES_PER_PIXEL, photo_admission
from photo_client.reply import release_when_sent
from web.admission import Admission
from web.deadline import Deadline
from web.problems import Problem


def test_refused_request_can_be_retried():
    admission = photo_admission(10, 10**9, max_upload_bytes=100)
    with admission.receive() as first, admission.receive() as second:
        first(300)
        with pytest.raises(Problem) as refused:
            second(1)
        assert refused.value.status == 503 and refused.value.retry_after


def test_reservation_is_held_until_the_answer_is_sent():
    admission = photo_admission(1, 1000)
    response = _answered(admission)
    assert admission.requests == 1
    assert admission.cost == 54 // BYTES_PER_PIXEL + 1
    with pytest.raises(Problem), admission.request():
        pass
    response.close()
    assert admission.requests == 0 and admission.cost == 0
    response.close()
    assert admission.requests == 0


def test_reservation_is_released_with_the_response():
    admission = photo_admission(1, 1000)
    response = _answered(admission)
    del response
    gc.collect()
    assert admission.requests == 0 and admission.cost == 0


def _answered(admission: Admission) -> Response:
    with ExitStack() as in_progress:
        in_progress.enter_context(admission.request())
        reservation = in_progress.enter_context(admission.reserve(500, Deadline(1)))
        return release_when_sent(Response(b"x" * 54), reservation, in_progress)
