"""The program of this repository that an image runs, whatever its registry and tag."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Image:
    """What an image does: it runs `module`, or it copies the shipped models `models` to /mnt."""

    name: str
    component_type: str
    module: str = ""
    models: str = ""


_EVERY = (
    Image("train-color", "model-training", module="training"),
    Image("color-serving", "webservice", module="color_client"),
    Image("style-serving", "webservice", module="style_client"),
    Image("color-model", "task", models="color"),
    Image("style-model", "task", models="style"),
    # The article's name for it.
    Image("tfmodel", "task", models="style"),
)
IMAGES = {image.name: image for image in _EVERY}

# The application that the gateway itself is shown as.
GATEWAY = "gateway"

# What stands in for Seldon's model server and for Ambassador where an Application is rendered for
# a cluster of today, and for the addon's notebook. Envoy's version is the one that is tested here.
SERVING_IMAGE = "tensorflow/serving:2.19.0"
GATEWAY_IMAGE = "envoyproxy/envoy:v1.40.0"
NOTEBOOK_IMAGE = "quay.io/jupyter/minimal-notebook:python-3.12"

# Where the model-copying images write, and where training publishes.
COPIES_TO = "/mnt"
PUBLISHES_TO = "/model"


def last_name(reference: str) -> str:
    """`color-serving` of `registry:5000/fogdong/color-serving:v1`."""
    return reference.partition("@")[0].rpartition("/")[2].partition(":")[0]
