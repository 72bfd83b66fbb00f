"""The settings of the color client: those of every photo client, and the working size."""

from dataclasses import dataclass

from photo_client.settings import ClientSettings
from web.settings import integer, setting


@dataclass(frozen=True)
class Settings(ClientSettings):
    """The settings of the color client; each field is the environment variable in lower case."""

    working_size: int = setting(
        256,
        integer(16, 512),
        "Long side, in pixels, of the network's input; smaller photos are not enlarged.",
    )
