"""TensorFlow without its public API.

`import tensorflow` also imports Keras, the converter of TensorFlow Lite and more that is for
writing models: 100 MB and seconds that a server does not need. Its modules can be imported one by
one if the package is registered without running it.
"""

import os
import site
import sys
from importlib.util import find_spec, module_from_spec
from pathlib import Path


def register_without_running() -> None:
    """Let modules of TensorFlow be imported without the rest.

    Nothing is done where the rest has work to do: it loads what drives other devices
    (`tensorflow-plugins`), and tensorflow_text builds on its public names.
    """
    if "tensorflow" in sys.modules or find_spec("tensorflow_text") or _plugins():
        return
    if spec := find_spec("tensorflow"):
        sys.modules["tensorflow"] = module_from_spec(spec)  # not run


def _plugins() -> bool:
    folders = {*sys.path, *site.getsitepackages(), site.getusersitepackages()}
    return "TF_PLUGGABLE_DEVICE_LIBRARY_PATH" in os.environ or any(
        Path(folder, "tensorflow-plugins").exists() for folder in folders
    )
