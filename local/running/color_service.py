"""The plain service: a model server, and the color client in front of it, with no gateway."""

import sys
from dataclasses import dataclass
from pathlib import Path

from ..addresses import connect_host, display_host
from ..ports import CLIENT_PORT, LOOPBACK, MODEL_PORT
from .plan import Endpoint, Plan, PlannedComponent
from .program import Program

MODEL_NAME = "my-model"
APPLICATION = "color"


@dataclass(frozen=True)
class ColorService:
    """Where the service listens and what it serves. The model server is for this machine only."""

    model: Path
    host: str = LOOPBACK
    port: int = CLIENT_PORT
    model_port: int = MODEL_PORT

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
                ready_url=f"http://{connect_host(self.host)}:{self.port}/readyz",
            ),
        ]

    @property
    def plan(self) -> Plan:
        """The same as a plan, the client after the model server."""
        serving, client = self.programs
        return Plan(
            (
                PlannedComponent(
                    APPLICATION,
                    serving.name,
                    "model-serving",
                    programs=(serving,),
                    endpoints=(
                        Endpoint("Service/default/serving", f"http://localhost:{self.model_port}"),
                    ),
                ),
                PlannedComponent(
                    APPLICATION,
                    client.name,
                    "webservice",
                    programs=(client,),
                    depends_on=((APPLICATION, serving.name),),
                    endpoints=(
                        Endpoint(
                            "Service/default/color_client",
                            f"http://{display_host(self.host)}:{self.port}",
                        ),
                    ),
                    module="color_client",
                ),
            )
        )
