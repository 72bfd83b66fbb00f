"""The plain service: a model server, and the color client in front of it."""

import sys
from dataclasses import dataclass
from pathlib import Path

from .program import Program

# The checkout that this package lies in: where the shipped model and the samples are.
ROOT = Path(__file__).resolve().parent.parent
MODEL_NAME = "my-model"


@dataclass(frozen=True)
class ColorService:
    """Where the service listens and what it serves. The model server is for this machine only."""

    model: Path
    host: str = "127.0.0.1"
    port: int = 3333
    model_port: int = 8501

    @property
    def programs(self) -> list[Program]:
        """The two programs, in the order in which they start."""
        model_url = f"http://127.0.0.1:{self.model_port}/v1/models/{MODEL_NAME}"
        serving = (
            *(sys.executable, "-m", "serving"),
            *("--rest_api_port", str(self.model_port)),
            *("--model_name", MODEL_NAME),
            *("--model_base_path", str(self.model)),
        )
        client_environment = {
            "URL": f"{model_url}:predict",
            "HOST": self.host,
            "PORT": str(self.port),
        }
        return [
            Program("serving", serving, ready_url=model_url),
            Program(
                "color_client",
                (sys.executable, "-m", "color_client"),
                client_environment,
                ready_url=f"http://{self._reachable_host}:{self.port}/readyz",
            ),
        ]

    @property
    def invitation(self) -> str:
        """What to do with the service once it runs, for people."""
        sample = ROOT / "samples" / "gray" / "astronaut.jpg"
        photo = _as_typed(sample) if sample.exists() else "photo.jpg"
        place = f"{self._shown_host}:{self.port}"
        return (
            "Ready. Color a photo:\n\n"
            f"  curl -F content_image=@{photo} {place}/predict -o color.png\n\n"
            f"or drop one onto http://{place}/ . Ctrl-C stops."
        )

    @property
    def _reachable_host(self) -> str:
        every = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}
        bracketed = f"[{self.host}]" if ":" in self.host else self.host
        return every.get(self.host, bracketed)

    @property
    def _shown_host(self) -> str:
        here = {"127.0.0.1", "localhost", "[::1]"}
        return "localhost" if self._reachable_host in here else self._reachable_host


def _as_typed(path: Path) -> str:
    """`path` as a person here would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
