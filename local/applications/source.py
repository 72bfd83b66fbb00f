"""YAML files as plain values, with the line of everything in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from .findings import Finding, Path, Refused, dotted

# An alias may repeat what it names, and that again; a file this large is none that a person wrote.
_MOST_NODES = 100_000
_NO_VALUE = object()
# What an escape in quotes can write.
_NOT_TEXT = re.compile("[\\0\\ud800-\\udfff]")


@dataclass(frozen=True)
class Document:
    """One YAML document: its value, the line (from 1) of every place in it, and the whole file."""

    file: str
    value: Any
    lines: dict[Path, int] = field(default_factory=dict)
    text: str = field(default="", repr=False)

    def finding(
        self, path: Path, text: str, *, notice: bool = False, local_only: bool = False
    ) -> Finding:
        """A remark on `path`, or on the nearest place around it that the file holds."""
        there = path
        while there and there not in self.lines:
            there = there[:-1]
        return Finding(self.file, self.lines.get(there, 1), dotted(path), text, notice, local_only)


def read_text(file: FilePath) -> str:
    """The text of a file. Raises Refused if it cannot be read."""
    try:
        # With its line ends as they are.
        return file.read_bytes().decode()
    except OSError as error:
        raise Refused([Finding(str(file), 1, "", error.strerror or str(error))]) from None
    except UnicodeDecodeError:
        raise Refused([Finding(str(file), 1, "", "this is no text in UTF-8")]) from None


def read_documents(file: str, text: str) -> list[Document]:
    """The documents of a text; `file` is its name. Raises Refused if it is no YAML."""
    try:
        return list(_documents(file, text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        message = ", ".join(filter(None, (error.context, error.problem)))
        raise Refused([Finding(file, line, "", f"this is no YAML: {message}")]) from None
    except RecursionError:
        raise Refused([Finding(file, 1, "", "this is nested too deeply")]) from None
    except yaml.YAMLError as error:
        message = " ".join(str(error).split())
        raise Refused([Finding(file, 1, "", f"this is no YAML: {message}")]) from None


class _Loader(yaml.SafeLoader):
    """Tells of a value that is not what it looks like, such as the date 2022-13-01."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep)
        # Whatever a number, a date or a tag makes Python raise.
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
            value = _NO_VALUE
        if value is _NO_VALUE or (isinstance(value, int) and value.bit_length() > 64):
            kind = node.tag.rpartition(":")[2]
            said = f"{str(node.value)[:40]!r} is no {kind} that can be read: quote it if it is text"
            raise yaml.constructor.ConstructorError(None, None, said, node.start_mark)
        return value


def _documents(file: str, text: str) -> Iterator[Document]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            assert node is not None
            lines: dict[Path, int] = {}
            # Before the value is built: building it forgets all but the last of equal keys.
            _note_lines(file, node, (), lines, ())
            value = loader.construct_document(node)
            if value is not None:
                yield Document(file, value, lines, text)
    finally:
        loader.dispose()


def _note_lines(
    file: str, node: yaml.Node, path: Path, lines: dict[Path, int], around: tuple[int, ...]
) -> None:
    line = node.start_mark.line + 1
    if id(node) in around or len(lines) > _MOST_NODES:
        raise Refused([Finding(file, line, dotted(path), "this repeats itself without end")])
    lines.setdefault(path, line)
    around = (*around, id(node))
    if isinstance(node, yaml.ScalarNode) and _NOT_TEXT.search(node.value):
        message = "a NUL or half a surrogate pair is in this; no program takes it"
        raise Refused([Finding(file, line, dotted(path), message)])
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note_lines(file, item, (*path, index), lines, around)
    elif isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            at = key.start_mark.line + 1
            if name in seen:
                message = f"{name} stands here twice; only the last would count"
                raise Refused([Finding(file, at, dotted((*path, name)), message)])
            seen.add(name)
            lines[(*path, name)] = at
            _note_lines(file, key, (*path, name), lines, around)
            _note_lines(file, value, (*path, name), lines, around)
