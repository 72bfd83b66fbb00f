"""The command `promote`: more traffic for one predictor, at once or by the evidence."""

import argparse
import sys

from ..applications.claims import Volumes
from ..applications.findings import Refused, suggestion
from ..applications.load import load_texts
from ..applications.source import read_text
from ..applications.validate import validate
from ..errors import CannotStart
from ..promotion import CannotPromote
from ..promotion.shares import with_share
from ..promotion.traffic import read_traffic, rewrite_traffic
from ..running.applied_files import applied_files
from ..running.state import StateFolder
from .promote_when import promote_in_steps
from .running_file import RunningFile, difference


def promote(options: argparse.Namespace) -> int:
    """Move traffic to a predictor of an Application that runs; --help has the exit codes."""
    _check(options)
    state = StateFolder(options.state)
    try:
        if options.dry_run:
            return _dry_run(options, state)
        file = RunningFile.of(state, options.application)
        percent = options.traffic or 100
        if not options.when:
            return _promote_at_once(options, file, percent)
        now = _shares(options, file.text)[options.predictor]
        steps = options.steps or [step for step in (10, 50) if step < percent] + [percent]
        if now >= steps[-1]:
            return _nothing_to_do(options, now)
        before = file.text
        return promote_in_steps(
            options, file, now, steps, lambda percent: _text_with(options, before, percent)
        )
    except Refused as error:
        raise CannotStart(error) from None


def _check(options: argparse.Namespace) -> None:
    """Refuse options that contradict each other."""
    if options.file and not options.dry_run:
        raise CannotStart("--file is for --dry-run: what runs has a file of its own")
    if options.when and options.dry_run:
        raise CannotStart("--dry-run waits for nothing: give it without --when")
    if options.steps and options.traffic:
        raise CannotStart("--steps end where --traffic would: give one of them")
    if options.steps and not options.when:
        raise CannotStart("--steps are for --when")


def _shares(options: argparse.Namespace, text: str) -> dict[str, int]:
    shares = read_traffic(text, options.application, options.component)
    if options.predictor not in shares:
        raise CannotPromote(
            f"{options.component} has no predictor {options.predictor}; "
            f"{suggestion(options.predictor, shares)}"
        )
    return shares


def _text_with(options: argparse.Namespace, text: str, percent: int) -> str:
    """The text with so much for the predictor."""
    shares = with_share(_shares(options, text), options.predictor, percent)
    return rewrite_traffic(text, options.application, options.component, shares)


def _promote_at_once(options: argparse.Namespace, file: RunningFile, percent: int) -> int:
    text = _text_with(options, file.text, percent)
    if text == file.text:
        return _nothing_to_do(options, percent)
    print(difference(file.path, file.text, text), flush=True)
    return 0 if file.apply(text, _print_line) else 1


def _nothing_to_do(options: argparse.Namespace, percent: int) -> int:
    print(f"{options.predictor} has {percent} % already.")
    return 0


def _print_line(line: str, wrong: bool) -> None:
    print(line, file=sys.stderr if wrong else sys.stdout, flush=True)


def _dry_run(options: argparse.Namespace, state: StateFolder) -> int:
    """Print the file as it would be, and on standard error what is different in it."""
    files = applied_files(state)
    if not options.file and options.application not in files:
        raise CannotPromote(
            f"no Application {options.application} has run with {options.state}: name its file "
            "with --file"
        )
    path = options.file or files[options.application].path
    before = read_text(path)
    _refuse_errors(str(path), before, state)
    text = _text_with(options, before, options.traffic or 100)
    _refuse_errors(str(path), text, state)
    print(difference(path, before, text), end="", file=sys.stderr)
    sys.stdout.write(text)
    return 0


def _refuse_errors(file: str, text: str, state: StateFolder) -> None:
    """Raise Refused for what is wrong in a file wherever it runs."""
    applications, found = load_texts([(file, text)])
    found += validate(applications, Volumes.under(state.root))
    if wrong := [each for each in found if not (each.notice or each.local_only)]:
        raise Refused(wrong)
