"""The Gateway API's own definitions, as a schema that knows every property."""

from pathlib import Path
from typing import Any

import jsonschema
import yaml


def check(shared: Path, value: dict[str, Any]) -> None:
    """Raises jsonschema.ValidationError for what an API server would refuse or drop."""
    kind = value["kind"].lower()
    plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
    text = (shared / "reference" / "gateway-api" / f"{plural}.yaml").read_text()
    group, _, version = value["apiVersion"].partition("/")
    spec = yaml.load(text, yaml.CSafeLoader)["spec"]
    assert spec["group"] == group
    (schema,) = (each["schema"] for each in spec["versions"] if each["name"] == version)
    schema = _strict(schema["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"type": "object"}
    jsonschema.validate(value, schema)


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: _strict(each) for name, each in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        strict.setdefault("additionalProperties", False)
    return strict
