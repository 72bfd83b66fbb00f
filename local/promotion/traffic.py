"""The `traffic` of predictors in the text of an Application file, read and rewritten.

Nothing else in the text changes: comments, order, quoting and line ends stay.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ..applications.findings import suggestion
from . import CannotPromote

# A place in the text, from and to, and what stands there from now on.
_Edit = tuple[int, int, str]


def read_traffic(text: str, application: str, component: str) -> dict[str, int]:
    """The shares of a component's predictors, in percent, as the gateway takes them.

    The text is one that `validate` found no error in. Raises CannotPromote where it has no such
    component with predictors.
    """
    nodes = _predictors(text, application, component)
    shares = {name: _number(node) for name, node in nodes.items()}
    return shares if any(shares.values()) else dict.fromkeys(shares, 100)


def rewrite_traffic(text: str, application: str, component: str, shares: Mapping[str, int]) -> str:
    """The text with these shares.

    One that gets none has `traffic: 0` where it is the first, and is made a comment elsewhere:
    there 0 is an even share on a cluster. Raises CannotPromote where that cannot be done so.
    """
    nodes = _predictors(text, application, component)
    edits: list[_Edit] = []
    for index, (name, node) in enumerate(nodes.items()):
        if index and not shares[name]:
            edits += _comment_out(text, name, node)
        elif shares[name] != _number(node):
            edits.append(_edit(text, node, shares[name]))
    for start, end, replacement in sorted(edits, reverse=True):
        text = f"{text[:start]}{replacement}{text[end:]}"
    expected = {
        name: share for index, (name, share) in enumerate(shares.items()) if share or not index
    }
    with contextlib.suppress(yaml.YAMLError):
        if read_traffic(text, application, component) == expected:
            return text
    raise CannotPromote(
        f"the traffic of {component} cannot be rewritten as it stands there; change it by hand"
    )


def _predictors(text: str, application: str, component: str) -> dict[str, yaml.MappingNode]:
    """The predictors of a component, by name."""
    documents = {
        _text(_value(_value(node, "metadata"), "name")): node
        for node in yaml.compose_all(text, Loader=yaml.SafeLoader)
        if node is not None
    }
    if application not in documents:
        raise CannotPromote(
            f"there is no Application {application}; {suggestion(application, documents)}"
        )
    listed = _value(_value(documents[application], "spec"), "components")
    components = {_text(_value(node, "name")): node for node in _items(listed)}
    serving = {
        name: list(_items(_value(_value(node, "properties"), "predictors")))
        for name, node in components.items()
        if _text(_value(node, "type")) == "model-serving"
    }
    if component not in serving:
        which = "is no model-serving" if component in components else "is no component"
        names = (
            suggestion(component, serving) if serving else "none of its components has predictors"
        )
        raise CannotPromote(f"{component} {which} of {application}; {names}")
    return {_text(_value(node, "name")): node for node in serving[component]}


def _value(node: yaml.Node | None, key: str) -> Any:
    """The node at a key of a mapping, or None."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _items(node: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    yield from node.value if isinstance(node, yaml.SequenceNode) else ()


def _text(node: Any) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _number(node: yaml.MappingNode) -> int:
    """The share that a predictor has of itself; 0 where it says nothing."""
    value = _value(node, "traffic")
    return int(yaml.safe_load(value.value)) if value is not None else 0


def _edit(text: str, node: yaml.MappingNode, share: int) -> _Edit:
    """The number, in its place or as a line of its own above `graph`."""
    value = _value(node, "traffic")
    if value is not None:
        return value.start_mark.index, value.end_mark.index, str(share)
    graph = next(key.start_mark for key, _ in node.value if key.value == "graph")
    after = ", " if node.flow_style else f"{_line_end(text)}{' ' * graph.column}"
    return graph.index, graph.index, f"traffic: {share}{after}"


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _comment_out(text: str, name: str, node: yaml.MappingNode) -> Iterator[_Edit]:
    """A `#` before every line of an entry of a list."""
    lines = text.splitlines(keepends=True)
    first, last = node.start_mark.line, _last_line(node)
    dash = re.fullmatch(r"( *)- *", lines[first][: node.start_mark.column])
    if node.flow_style or dash is None:
        raise CannotPromote(
            f"{name} would have no traffic, which only the first predictor may have: take it out "
            "of the file by hand"
        )
    at = sum(map(len, lines[:first]))
    for line in lines[first : last + 1]:
        if line.strip():
            indentation = len(line) - len(line.lstrip(" "))
            place = at + min(indentation, len(dash[1]))
            yield place, place, "# "
        at += len(line)


def _last_line(node: Any) -> int:
    """Where a node ends; a block's own mark is at whatever comes after it, comments skipped."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return max(map(_last_line, last if isinstance(last, tuple) else (last,)))
    end = node.end_mark
    return int(end.line - 1 if end.column == 0 and end.line > node.start_mark.line else end.line)
