"""How every program starts: `python -m local`, and the console script `colorway-local`.

A console script imports its program only when it is run. Each program has its own requirements, an
extra in pyproject.toml; a missing one is named in the error. Imports nothing else of ours.
"""

import importlib
import io
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

# 128 + SIGPIPE, as a shell has it of a program that this signal ends.
OUTPUT_CLOSED = 141


def _uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Print it, unless it is a Ctrl-C: Python then ends by that signal, without a word."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)


# Here and not in `run`, as a program takes a second to import what it needs before that is called:
# whoever starts one imports this module first.
sys.excepthook = _uncaught


def run(main: Callable[[], Any]) -> Any:
    """Call a program's `main`, and return its exit code.

    Where nobody reads what it prints any more (`| head`, a pager that was left), the program ends
    as others do, without a word and with exit code 141. Python ignores SIGPIPE, which would do the
    same; it would also end a server whenever a caller hangs up.
    """
    _prepare_outputs()
    try:
        try:
            code = main()
        except SystemExit as end:
            code = end.code
        except FileNotFoundError as error:
            if error.filename is not None or not _current_folder_is_gone():
                raise
            print("the current folder was deleted: go to another, and try again", file=sys.stderr)
            code = 2
        # While it can still be told from a bug: Python's own flush, at the end, prints an error.
        print(end="", flush=True)
        print(end="", flush=True, file=sys.stderr)
        return code
    except BrokenPipeError:
        if not (closed := _closed_outputs()):
            raise
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in closed:
            os.dup2(nowhere, descriptor)
        return OUTPUT_CLOSED


def _prepare_outputs() -> None:
    """Let the program print whatever it wants to, also where an output was closed (`>&-`), or its
    encoding does not have all characters: those are printed as escapes.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - to the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _current_folder_is_gone() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - what Path asks, too
    except FileNotFoundError:
        return True
    return False


def _closed_outputs() -> list[int]:
    """Of standard output and standard error, those that nobody reads any more."""
    poll = select.poll()
    for descriptor in (1, 2):
        poll.register(descriptor, 0)
    return [each for each, event in poll.poll(0) if event & (select.POLLERR | select.POLLHUP)]


def color_client() -> Any:
    """Start `python -m color_client`."""
    return _script("client", "color_client.__main__")


def style_client() -> Any:
    """Start `python -m style_client`."""
    return _script("client", "style_client.__main__")


def local() -> Any:
    """Start `python -m local`."""
    return _script("local", "local.cli")


def serving() -> Any:
    """Start `python -m serving`."""
    return _script("serving", "serving.cli")


def training() -> Any:
    """Start `python -m training`."""
    return _script("training", "training.cli")


def _script(extra: str, module: str) -> Any:
    try:
        return run(importlib.import_module(module).main)
    except ModuleNotFoundError as error:
        name = Path(sys.argv[0]).name
        print(f"{name}: {error}: pip install 'colorway[{extra}]'", file=sys.stderr)
        return 2
