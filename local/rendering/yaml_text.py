"""YAML for people: texts of several lines as blocks, comments above."""

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """YAML for people: texts of several lines as blocks, lists indented, nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def as_yaml(value: Any) -> str:
    """`value` as YAML for people."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True)


def as_comment(text: str, indent: str = "") -> str:
    """`text` as lines of a comment; empty if there is none."""
    return "".join(f"{indent}# {line}".rstrip() + "\n" for line in text.splitlines())
