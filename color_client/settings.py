"""The settings of the color client: every photo client's, and the size that the network gets."""

from dataclasses import dataclass

from photo_client.settings import ClientSettings
from web.settings import setting, whole


@dataclass(frozen=True)
class Settings(ClientSettings):
    """What the color client can be told; each field is the environment variable in lower case."""

    working_size: int = setting(
        256,
        whole(16, 512),
        "Long side, in pixels, of the network's input; smaller photos are not enlarged.",
    )
