"""The same training on every Keras backend, on several devices, and in bfloat16."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.training.test_cli import SOON_COMPILED

pytestmark = pytest.mark.long(1)

ROOT = Path(__file__).resolve().parents[3]

COLOR = """
import json, sys
import numpy as np
from training.loop import backend, watch
from training.color import fit, recipes
from training.color.all_convolution import all_convolution
import dataclasses

backend.use_all_devices()
recipe = dataclasses.replace(
    recipes.load("v1"), width=8, dilations=(1,), photo_side=32, crop_side=32, samples=48,
    samples_per_epoch=24, batch_size=8, learning_rate=3e-3, ema=0.9, precision=sys.argv[2],
    psnr_share=0.5, picture_weight=1.0, vividness=0.05, red_caution=0.4,
)
backend.use_precision(recipe.precision)
network = all_convolution(8, (1,))
with np.load(sys.argv[1]) as start:
    network.set_weights([start[name] for name in sorted(start.files)])
photos = np.random.default_rng(0).integers(0, 256, (13, 4, 4, 3), np.uint8)
photos = photos.repeat(8, axis=1).repeat(8, axis=2)
losses = []
# Four for validation: two devices share them evenly, and none counts twice.

class Watch(watch.Watch):
    def on_step(self, step, steps, loss):
        losses.append(loss)

state = fit.train(network, photos[:9], photos[9:], recipe, watch=Watch())
policies = {layer.compute_dtype for layer in network.layers}
print(json.dumps([losses, state.history, backend.device_count(), sorted(policies)]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "precision", "devices"),
    [("jax", "float32", 1), ("jax", "float32", 2), ("tensorflow", "bfloat16", 1)],
)
def test_every_backend_takes_the_same_steps(backend, precision, devices, reference, tmp_path):
    if backend == "jax":
        pytest.importorskip("jax")
    weights, (losses, history, _, _) = reference
    others = train_elsewhere(weights, backend, precision, devices)
    assert others[2] == devices
    assert others[3] == (["bfloat16", "float32"] if precision == "bfloat16" else ["float32"])
    rel = 0.05 if precision == "bfloat16" else 1e-3
    assert others[0] == pytest.approx(losses, rel=rel)
    assert [look["validation_loss"] for look in others[1]] == pytest.approx(
        [look["validation_loss"] for look in history], rel=rel
    )


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Weights to start from, and what TensorFlow makes of them in float32."""
    from training.color.all_convolution import all_convolution

    path = tmp_path_factory.mktemp("reference") / "weights.npz"
    rng = np.random.default_rng(1)
    start = {
        f"{i:03d}": w + rng.normal(0, 0.01, w.shape).astype(np.float32)
        for i, w in enumerate(all_convolution(8, (1,), 1).get_weights())
    }
    np.savez(path, **start)
    return path, train_elsewhere(path, "tensorflow", "float32", 1)


def train_elsewhere(weights: Path, backend: str, precision: str, devices: int) -> list:
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "XLA_FLAGS": f"{SOON_COMPILED} --xla_force_host_platform_device_count={devices}",
    }
    command = [sys.executable, "-c", COLOR, str(weights), precision]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=3600, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
