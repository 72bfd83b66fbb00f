"""What the command lines of `python -m bench` and `python -m soak` have in common."""

import argparse
from collections.abc import Callable, Collection
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Refuses wrong arguments in one line, with exit code 2; nothing is abbreviated."""

    def __init__(self, prog: str, description: str):
        super().__init__(
            prog=prog,
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, without the whole usage."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def integer(low: int, high: int) -> Callable[[str], int]:
    """Reads whole numbers in that range."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return read


def name_list(known: Collection[str]) -> Callable[[str], list[str]]:
    """Reads names among `known`, separated by commas."""

    def read(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",")]
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return names

    return read
