"""Which models are served: one from the command line, or those of a model config file, the text
form of TensorFlow Serving's own ModelServerConfig.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import text_format  # type: ignore[import-untyped]


class ConfigError(Exception):
    """A model config file that cannot be followed; the message is one line that says why."""


@dataclass(frozen=True)
class Policy:
    """Which of the versions found are served: the `latest` highest, None for all of them; of
    `specific` ones only, where they are named.
    """

    latest: int | None = 1
    specific: frozenset[int] | None = None


@dataclass(frozen=True)
class ModelConfig:
    """One model: its name in URLs, the folder of its versions, and labels for some of those."""

    name: str
    base_path: Path
    policy: Policy = Policy()
    labels: Mapping[str, int] = field(default_factory=dict)


def read_config_file(path: Path) -> dict[str, ModelConfig]:
    """The models by name. Raises ConfigError."""
    from tensorflow_serving.config import model_server_config_pb2

    message = model_server_config_pb2.ModelServerConfig()
    try:
        if path.exists() and not path.is_file():
            raise ConfigError(f"{path} is no regular file")
        text_format.Parse(path.read_text(), message)
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}") from None
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from None
    if message.WhichOneof("config") != "model_config_list":
        raise ConfigError(f"{path} has no model_config_list")
    models: dict[str, ModelConfig] = {}
    for config in message.model_config_list.config:
        model = _model(config, path)
        if model.name in models:
            raise ConfigError(f"{path} names {model.name} twice")
        models[model.name] = model
    if not models:
        raise ConfigError(f"{path} names no model")
    return models


def _model(config: Any, path: Path) -> ModelConfig:
    where = f"{path}: model {config.name!r}"
    if not config.name or set(config.name) & set("/:"):
        raise ConfigError(f"{where}: a name is not empty and holds no slash and no colon")
    if not config.base_path or "://" in config.base_path:
        raise ConfigError(f"{where}: base_path names no folder of this machine")
    if config.model_platform not in ("", "tensorflow"):
        raise ConfigError(f"{where}: only the model_platform 'tensorflow' is served here")
    chosen = config.model_version_policy
    policy = Policy()
    match chosen.WhichOneof("policy_choice"):
        case "all":
            policy = Policy(latest=None)
        case "latest":
            policy = Policy(latest=chosen.latest.num_versions or 1)
        case "specific":
            if not chosen.specific.versions:
                raise ConfigError(f"{where}: the policy `specific` names no version")
            policy = Policy(latest=None, specific=frozenset(chosen.specific.versions))
    base_path = Path(config.base_path).absolute()
    return ModelConfig(config.name, base_path, policy, dict(config.version_labels))
