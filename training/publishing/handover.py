"""A training on another Keras backend, published by a process that computes with TensorFlow."""

import argparse
import os
import subprocess
import sys

import keras

from training.loop import backend


def publish_with_tensorflow(options: argparse.Namespace) -> int:
    """Have another process publish what this one trained on another backend."""
    backend_name = keras.backend.backend()
    if not backend.has_tensorflow():
        print(
            f"trained on {backend_name}; TensorFlow, which writes the SavedModel, is not installed "
            f"here: copy {options.export_root} (with .checkpoints) to where it is, and run the "
            "same command there"
        )
        return 0
    print(f"trained on {backend_name}; TensorFlow publishes", flush=True)
    # Its start finds the finished training in the checkpoint.
    # With PYTHONINSPECT every exit code is 0.
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONINSPECT": ""}
    # A version of an earlier run that was dropped must not take the new one with it.
    arguments = [a for a in options.arguments if a != "--start-over"]
    command = [sys.executable, "-m", "training", *arguments]
    return subprocess.run(command, env=environment).returncode
