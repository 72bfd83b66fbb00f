"""The settings of the style client: the color client's, and the size of the painting."""

from dataclasses import dataclass

from color_client.settings import Settings
from web.settings import integer, setting

# What a request or the setting may ask for. Below, nothing of a photo is left to paint; above, the
# time and memory of a network on a CPU run away.
LEAST_SIDE, MOST_SIDE = 64, 2048


@dataclass(frozen=True)
class StyleSettings(Settings):
    """The settings of the style client; see color_client.settings."""

    max_side: int = setting(
        1024,
        integer(LEAST_SIDE, MOST_SIDE),
        "Default of the option max_side: long side, in pixels, at which a photo is stylized.",
    )
