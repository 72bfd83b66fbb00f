"""A model has answered before its first caller comes."""

import statistics
import time

import pytest
import tensorflow as tf

from tests.serving.server_process import ServerProcess
from tests.serving.small_models import write_version


def runs_before_the_first_request(server: ServerProcess) -> int:
    (run,) = server.predict({"instances": [0.0]}).json["predictions"]
    return run - 1


def test_the_models_own_record_is_replayed(start_server, tmp_path):
    write_version(tmp_path, 1, count=True, requests=[{"x": [1.0]}, {"x": [2.0, 3.0]}])
    server = start_server(tmp_path).wait_until_open()
    assert runs_before_the_first_request(server) == 2


def test_a_model_without_a_record_is_run_on_zeros(start_server, tmp_path):
    write_version(tmp_path, 1, count=True)
    server = start_server(tmp_path).wait_until_open()
    assert runs_before_the_first_request(server) == 1


def test_a_model_that_fails_its_own_record_is_broken(start_server, tmp_path):
    write_version(tmp_path, 1)
    write_version(tmp_path, 2, requests=[{"x": [1.0]}, {"signature_name": "nope", "x": [1.0]}])
    write_version(tmp_path, 3, requests=[{"x": [1.0]}, {"z": [1.0]}])
    server = start_server(tmp_path).wait_until_open()
    assert server.states() == {3: "END", 2: "END", 1: "AVAILABLE"}
    assert "warm-up request 2" in server.log
    assert "Traceback" not in server.log


@pytest.mark.slow
def test_a_record_that_is_cut_off_is_broken(start_server, tmp_path):
    write_version(tmp_path, 1)
    folder = write_version(tmp_path, 2, requests=[{"x": [1.0]}])
    record = folder / "assets.extra" / "tf_serving_warmup_requests"
    record.write_bytes(record.read_bytes()[:-3])
    server = start_server(tmp_path).wait_until_open()
    assert server.states() == {2: "END", 1: "AVAILABLE"}


class Convolutions(tf.Module):
    """Many small layers, so that a first run takes far longer than the others: about 0.5 s."""

    def __init__(self):
        super().__init__()
        self.kernels = [tf.Variable(tf.random.normal([3, 3, 16, 16]) / 12) for _ in range(400)]

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 16], tf.float32, name="x")])
    def serving_default(self, x):
        for kernel in self.kernels:
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME"))
        return {"y": tf.reduce_mean(x, [1, 2, 3])}


def test_the_first_prediction_is_as_fast_as_the_tenth(start_server, tmp_path):
    model = Convolutions()
    tf.saved_model.save(model, str(tmp_path / "1"), signatures=model.serving_default)
    server = start_server(tmp_path).wait_until_open()
    document = {"instances": [[[[0.5] * 16] * 32] * 32]}
    seconds = []
    for _ in range(10):
        started = time.perf_counter()
        assert server.predict(document).status == 200
        seconds.append(time.perf_counter() - started)
    assert seconds[0] < statistics.median(seconds[1:]) + 0.25
