"""A model has answered before its first caller comes."""

import statistics
import time

import tensorflow as tf

from tests.serving.server_process import ServerProcess
from tests.serving.small_models import write_version, write_warmup_record


def runs_before_the_first_request(server: ServerProcess, version: int) -> int:
    server.wait_for(lambda: server.states().get(version) == "AVAILABLE")
    (run,) = server.predict({"instances": [0.0]}).json["predictions"]
    return run - 1


def test_new_version_is_warmed_up_before_its_first_caller(start_server, tmp_path):
    write_version(tmp_path, 1, count=True)
    server = start_server(tmp_path, "--file_system_poll_wait_seconds=0.1").wait_until_open()
    # Without a record it is not run: it may count, or train.
    assert runs_before_the_first_request(server, 1) == 0
    write_version(tmp_path, 2, count=True, requests=[{"x": [1.0]}] * 3)
    assert runs_before_the_first_request(server, 2) == 3
    # A record without predict requests is as good as none.
    write_version(tmp_path, 3, count=True, requests=[])
    assert runs_before_the_first_request(server, 3) == 0

    # A model that fails on its own record is broken.
    good = {"x": [1.0]}
    write_version(tmp_path, 4, requests=[good, {"signature_name": "nope", "x": [1.0]}])
    write_version(tmp_path, 5, requests=[good, {"z": [1.0]}])
    write_version(tmp_path, 6, requests=[good], cut=3)
    server.wait_for(lambda: [server.states().get(version) for version in (4, 5, 6)] == ["END"] * 3)
    assert server.states()[3] == "AVAILABLE"
    assert server.log.count("warm-up request 2: ") == 2
    assert "version 6 of hpt does not load: DATA_LOSS: warm-up request 1: " in server.log
    assert "Traceback" not in server.log


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
    write_warmup_record(tmp_path / "1", [{"x": [[[[0.5] * 16] * 32] * 32]}])
    server = start_server(tmp_path).wait_until_open()
    document = {"instances": [[[[0.5] * 16] * 32] * 32]}
    seconds = []
    for _ in range(10):
        started = time.perf_counter()
        assert server.predict(document).status == 200
        seconds.append(time.perf_counter() - started)
    assert seconds[0] < statistics.median(seconds[1:]) + 0.25
