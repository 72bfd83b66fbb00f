"""Types of command-line values, with their error messages."""

import argparse
import re
import shlex

from ..applications.images import IMAGES
from ..promotion.conditions import Condition, parse


def port(text: str) -> int:
    """A port, from 1 to 65535."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a whole number from 1 to 65535")
    return int(text)


def seconds(text: str) -> float:
    """A time, of at most a day."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0, up to 86400")
    return value


def percent(text: str) -> int:
    """A share of the traffic, from 1 to 100."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 100):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of percent from 1 to 100")
    return int(text)


def steps(text: str) -> list[int]:
    """Shares, each above the one before it, as in `10,50,100`."""
    found = [percent(part) for part in text.split(",")]
    if found != sorted(set(found)):
        raise argparse.ArgumentTypeError(f"{text!r} does not go upward, as 10,50,100 does")
    return found


def conditions(text: str) -> tuple[Condition, ...]:
    """What `promote --when` waits for."""
    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def arguments(text: str) -> tuple[str, list[str]]:
    """A component and words for its command, as in `demo-training="--samples 64"`."""
    name, equals, rest = text.partition("=")
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{rest!r}: {error}") from None
    if not (name and equals and words):
        raise argparse.ArgumentTypeError(f'{text!r} is not as in COMPONENT="--samples 64"')
    return name, words


def gateway(text: str) -> tuple[str, str | None]:
    """A Gateway of a cluster, `NAME[.NAMESPACE]`, in its two parts."""
    name, dot, namespace = text.partition(".")
    for part in (name, namespace) if dot else (name,):
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", part):
            raise argparse.ArgumentTypeError(f"{text!r} is no NAME or NAME.NAMESPACE of a Gateway")
    return name, namespace or None


def image(text: str) -> tuple[str, str]:
    """An image and the one of this project that it stands for, as in `mine=color-serving`."""
    name, equals, ours = text.partition("=")
    if not (name and equals) or ours not in IMAGES:
        known = ", ".join(sorted(IMAGES))
        raise argparse.ArgumentTypeError(
            f"{text!r} is not as in NAME=color-serving; known: {known}"
        )
    return name, ours
