"""Values as the types of `types`, with errors in the words of an Application's author."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from .findings import Finding, Path, suggestion
from .source import Document

M = TypeVar("M", bound=BaseModel)


def parse(
    document: Document, path: Path, kind: type[M], value: Any
) -> tuple[M | None, list[Finding]]:
    """`value` as a `kind`, or None and what is wrong with it."""
    try:
        return kind.model_validate(value), []
    except ValidationError as error:
        return None, [
            document.finding((*path, *each["loc"]), _error_text(kind, each))
            for each in error.errors(include_url=False)
        ]


# What must be there instead, by pydantic's name for the fault.
_MUST_BE = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def _error_text(kind: type[BaseModel], error: Any) -> str:
    """One of pydantic's errors, in those words."""
    value, about = error["input"], error.get("ctx", {})
    shown = f"{value!r} " if isinstance(value, (str, int, float)) else ""
    match error["type"]:
        case "extra_forbidden":
            fields = _model_at(kind, error["loc"][:-1]).model_fields
            names = [field.alias or name for name, field in fields.items()]
            return f"{error['loc'][-1]} is not known; {suggestion(str(error['loc'][-1]), names)}"
        case "missing":
            return "this is missing"
        case "value_error":
            return str(about["error"])
        case "string_type" if isinstance(value, (int, float)) and not isinstance(value, bool):
            return f"{value} must be a string: put it in quotes"
        case "string_pattern_mismatch":
            return f"{value!r} is no name: a-z, 0-9 and -"
        case "too_short":
            return "must not be empty"
        case "literal_error":
            return f"{shown}must be {about['expected']}"
        case "greater_than_equal":
            return f"{shown}must be at least {about['ge']}"
        case "less_than_equal":
            return f"{shown}must be at most {about['le']}"
    return f"{shown}must be {_MUST_BE.get(error['type'], 'something else')}"


def _model_at(kind: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel]:
    """The type of what lies at `path` in a `kind`."""
    for part in path:
        if isinstance(part, str) and part in kind.model_fields:
            kind = next(_models(kind.model_fields[part].annotation), kind)
    return kind


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
