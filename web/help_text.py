"""Layout of a `--help` that argparse does not write, within 100 columns."""

import textwrap
from collections.abc import Sequence

_COLUMNS = 100
_GAP = "\0"  # a space that no line ends at


def entry(name: str, meaning: str) -> str:
    """A name, and below it what it means."""
    return f"  {name}\n{_filled(meaning, 6, 6)}"


def usage(program: str, words: Sequence[str]) -> str:
    """`program` with what may follow it, no word of which is cut in two."""
    text = " ".join(word.replace(" ", _GAP) for word in (program, *words))
    return _filled(text, 7, 11).replace(_GAP, " ")


def _filled(text: str, first: int, rest: int) -> str:
    return textwrap.fill(
        text,
        _COLUMNS,
        initial_indent=" " * first,
        subsequent_indent=" " * rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
