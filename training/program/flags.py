"""Flags that several commands share, and the message for a wrong one."""

import argparse
import dataclasses
import difflib
import inspect
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, get_origin


def cache_folder() -> Path:
    """The default folder for downloads and decoded photos."""
    # An empty variable counts as none (XDG Base Directory Specification).
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "colorway"


def at_least(least: int) -> Callable[[str], int]:
    """A reader of whole numbers from `least` on."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} on")
        return int(text)

    return parse


def _parse_pair(text: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not two numbers such as 0.5,1") from None
    return low, high


def _parse_ints(text: str) -> tuple[int, ...]:
    try:
        return tuple(map(int, text.split(","))) if text else ()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not whole numbers such as 8,16") from None


def _parse_texts(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _parse_yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither yes nor no")
    return text == "yes"


# How a recipe's value is read from the command line, by its type.
_PARSERS: dict[object, Callable[[str], object]] = {
    int: int,
    float: float,
    str: str,
    tuple[float, float]: _parse_pair,
    tuple[int, ...]: _parse_ints,
    tuple[str, ...]: _parse_texts,
    bool: _parse_yes,
}


class Parser(argparse.ArgumentParser):
    """Refuses an unknown flag in one line, with the most similar known one.

    Nothing is abbreviated: a misspelled flag is never taken for another. The description is printed
    as it is written.
    """

    def __init__(self, prog: str, description: str):
        super().__init__(
            prog=prog,
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def parse_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        """As in argparse, except for the message."""
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            flag = unknown[0].partition("=")[0]
            near = difflib.get_close_matches(flag, self._option_string_actions, n=1)
            meant = f": did you mean {near[0]}?" if near else ""
            self.exit(2, f"{self.prog}: unknown argument {flag}{meant} (--help lists them all)\n")
        return options

    def error(self, message: str) -> NoReturn:
        """Print the error, without the whole usage."""
        self.exit(2, f"{self.prog}: {message} (--help lists them all)\n")


def add_cache_flag(parser: argparse.ArgumentParser) -> None:
    """Add the flag for the folder of downloads and decoded pictures."""
    parser.add_argument(
        "--cache-dir",
        type=Path,
        default=cache_folder(),
        help="where downloads and decoded pictures are kept (default: %(default)s)",
    )


def add_start_over_flag(parser: argparse.ArgumentParser) -> None:
    """Add the flag that discards an unfinished run."""
    parser.add_argument(
        "--start-over",
        action="store_true",
        help="discard the unfinished run that has this version's number",
    )


def add_place_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags for where a version is published."""
    parser.add_argument(
        "--export-root",
        type=Path,
        default=Path("/model"),
        help="where versions are published (default: %(default)s)",
    )
    parser.add_argument(
        "--version", type=_version, help="a positive integer (default: the next free one)"
    )


def add_recipe_flags(parser: argparse.ArgumentParser, recipe: type) -> None:
    """Add a flag for every field but `name` of the dataclass `recipe`; None where not given.

    The comment beside a field is its flag's help.
    """
    meanings = dict(re.findall(r"^    (\w+): .*?  # (.+)$", inspect.getsource(recipe), re.M))
    values = parser.add_argument_group("values of the recipe; each flag overrides one")
    for field in dataclasses.fields(recipe):
        if field.name != "name":
            kind = _PARSERS[field.type]
            metavar = getattr(field.type, "__name__", "").replace("bool", "yes|no")
            if get_origin(field.type):
                metavar = "NAME=N,NAME=N" if field.type == tuple[str, ...] else "N,N"
            values.add_argument(
                f"--{field.name.replace('_', '-')}", dest=f"set_{field.name}", type=kind,
                metavar=metavar.upper(), help=meanings[field.name].replace("%", "%%"),
            )  # fmt: skip


def recipe_changes(options: argparse.Namespace, recipe: type) -> dict[str, Any]:
    """The values given by the flags of `add_recipe_flags`."""
    given = {
        field.name: getattr(options, f"set_{field.name}", None)
        for field in dataclasses.fields(recipe)
    }
    return {name: value for name, value in given.items() if value is not None}


def _version(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive integer")
    return int(text)
