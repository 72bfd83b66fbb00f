"""The settings of every photo client: environment variables, each with its default and meaning."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from feedback.settings import FeedbackSettings
from web.settings import integer, number, setting


def predict_url(text: str) -> str:
    """A full predict URL: http or https, a host, a path that ends in `:predict`."""
    parts = urlsplit(text)
    try:
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        raise ValueError(f"has a bad port: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a full address: http://HOST:PORT/v1/models/NAME:predict")
    if not parts.path.endswith(":predict") or parts.query or parts.fragment:
        raise ValueError("must end in :predict, as in http://HOST:PORT/v1/models/NAME:predict")
    if parts.username is not None:
        raise ValueError("must not carry a user name or password")
    return text


@dataclass(frozen=True)
class ClientSettings(FeedbackSettings):
    """The settings of every photo client; each field is the environment variable in lower case."""

    url: str = setting(
        "http://localhost:8501/v1/models/my-model:predict",
        predict_url,
        "Predict URL of the model server, or of the gateway in front of it.",
    )
    max_in_progress: int = setting(
        64,
        integer(1, 1024),
        "Most photos in progress at once; further ones get 503 with Retry-After.",
    )
    timeout_s: float = setting(
        15.0,
        number(0.05, 600),
        "Seconds for the whole exchange with the predict URL, including a second try.",
    )
    max_upload_mb: float = setting(
        25.0, number(0.001, 1024), "Largest upload, in megabytes (1 MB is 1,000,000 bytes)."
    )
    max_pixels: int = setting(
        50_000_000, integer(1, 1_000_000_000), "Most pixels of an upload, as its header says."
    )
    max_pixels_in_memory: int = setting(
        100_000_000,
        integer(1, 10_000_000_000),
        "Most decoded pixels in memory at once, 7 to 18 bytes each; further photos wait.",
    )

    max_upload_mb_in_memory: float = setting(
        200.0,
        number(0.001, 100_000),
        "Most megabytes of uploads in memory at once; further ones get 503 with Retry-After.",
    )

    @property
    def max_upload_bytes_in_memory(self) -> int:
        """`max_upload_mb_in_memory` in bytes."""
        return int(self.max_upload_mb_in_memory * 1_000_000)

    @property
    def max_upload_bytes(self) -> int:
        """`max_upload_mb` in bytes."""
        return int(self.max_upload_mb * 1_000_000)
