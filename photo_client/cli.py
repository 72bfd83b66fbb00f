"""The command line of a client: without photos it is the server, with photos it makes pictures."""

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

from flask import Flask

from predict_url.predictor import Predictor
from web.help_text import entry, usage
from web.options import Option, yes_or_no
from web.problems import Problem
from web.server import bind_error, serve
from web.settings import BadSetting, from_environment, help_text, integer

from .batch import Batch, Make
from .batch_plan import BadPlan, plan
from .batch_report import one_line
from .metadata_option import FOLDER_METADATA, METADATA
from .photo import count_pages
from .running_service import predict_url_of
from .settings import ClientSettings

_AT_ONCE = 4
_FEEDBACK = "feedback"
SettingsT = TypeVar("SettingsT", bound=ClientSettings)


@dataclass(frozen=True)
class Client(Generic[SettingsT]):
    """What one client is: its name, its settings, its application, and what it makes of a file."""

    program: str
    purpose: str
    settings_class: type[SettingsT]
    create_app: Callable[[SettingsT], Flask]
    # The options of a request; the command line has them, too.
    options: Callable[[SettingsT], Sequence[Option]]
    # What the arguments ask for, as a way to make a picture; it may raise Problem.
    maker: Callable[[Mapping[str, Any], SettingsT, Predictor], Make]
    # And what of them the picture depends on, as JSON.
    stamp_settings: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    # The hints of a photo from their text; raises ValueError.
    read_hints: Callable[[str], Any]
    # Arguments of its own, each with what it means.
    extra_arguments: tuple[tuple[str, str, str], ...] = ()


class _BadArguments(Exception):
    """The text is for people."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _BadArguments(message)


def main(client: Client[SettingsT], arguments: list[str], environment: Mapping[str, str]) -> int:
    """`--help`; or serve; or, where photos are named, write their pictures into a folder.

    Returns 0 when all is done, 1 where the port is taken or some photos failed, 2 for a bad
    argument or setting, after one line that says so, and 130 after Ctrl-C among photos.
    """
    if arguments in (["--help"], ["-h"]):
        print(_help(client))
        return 0
    if arguments[:1] == [_FEEDBACK]:
        # It imports SQLAlchemy, which takes a while.
        from feedback.command import main as feedback

        return feedback(client.program, arguments[1:], environment)
    try:
        settings = from_environment(environment, client.settings_class)
        if arguments:
            if not environment.get("URL", "").strip():
                url = predict_url_of(client.program.split()[-1]) or settings.url
                settings = replace(settings, url=url)
            return _process_photos(client, arguments, settings)
    except (BadSetting, _BadArguments, BadPlan) as error:
        print(one_line(f"{client.program}: {error}"), file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # while it looks for photos
        return 130
    in_use = bind_error(settings.host, settings.port)
    if in_use:
        where = f"{settings.host} port {settings.port}"
        print(f"{client.program}: cannot listen on {where}: {in_use.strerror}", file=sys.stderr)
        return 1

    def load() -> Flask:
        # About broken uploads, whose senders get an error.
        warnings.filterwarnings("ignore", module="PIL")
        return client.create_app(settings)

    serve(settings, load, settings.timeout_s, f"model at {settings.url}")
    return 0


def _process_photos(client: Client[SettingsT], arguments: list[str], settings: SettingsT) -> int:
    options = [
        FOLDER_METADATA if option is METADATA else option for option in client.options(settings)
    ]
    parser = _Parser(prog=client.program, add_help=False, allow_abbrev=False)
    parser.add_argument("photos", nargs="*", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--at-once", type=_argument_type(integer(1, 64)), default=_AT_ONCE)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--skip-color", action="store_true")
    parser.add_argument("--hints", type=Path)
    for flag, _, _ in client.extra_arguments:
        parser.add_argument(flag)
    for option in options:
        # A yes-or-no option is a plain flag.
        keywords: dict[str, Any] = {"type": _argument_type(option.read), "default": option.default}
        if option.read is yes_or_no:
            keywords = {"action": "store_true"}
        parser.add_argument(_flag(option), **keywords)
    parsed, unknown = parser.parse_known_intermixed_args(arguments)
    flags = [each for each in unknown if each.startswith("-")]
    if flags:
        raise _BadArguments(f"unknown argument {flags[0]!r}; see --help")
    if not parsed.photos:
        raise _BadArguments("name the photos, or folders of them; see --help")
    if parsed.out is None:
        raise _BadArguments("name the folder to write the pictures into: --out FOLDER")
    if os.path.exists(parsed.out) and not os.path.isdir(parsed.out):  # noqa: PTH110, PTH112
        raise _BadArguments(f"--out {parsed.out} is a file; name a folder")
    jobs = plan(parsed.photos, parsed.out, count_pages)
    if not jobs:
        raise _BadArguments(f"no photos in {', '.join(map(str, parsed.photos))}")
    hints = _hints(parsed.hints, client.read_hints, len(jobs))
    predictor = Predictor(settings.url)
    try:
        make = client.maker(vars(parsed), settings, predictor)
        stamp_settings = client.stamp_settings(vars(parsed))
        batch = Batch(
            make,
            settings,
            parsed.at_once,
            stamp_settings,
            skip_color=parsed.skip_color,
            metadata=parsed.metadata,
            read_hints=client.read_hints,
            hints=hints,
        )
        return batch.run(jobs, parsed.again)
    except Problem as problem:
        raise _BadArguments(problem.detail) from None
    except KeyboardInterrupt:
        # A second time, by someone in a hurry: what is in progress has threads, which Python's own
        # end would wait for. What a picture was half written to, the same command writes anew.
        print("stopped; the same command goes on from here", file=sys.stderr, flush=True)
        os._exit(130)
    finally:
        predictor.close()


def _hints(file: Path | None, read: Callable[[str], Any], photos: int) -> str | None:
    """The text of the file of --hints, which `read` has read once."""
    if file is None:
        return None
    if photos > 1:
        raise _BadArguments("--hints is for one photo; of more, put a.hints.json beside a.jpg")
    try:
        text = file.read_text(encoding="utf-8")
        read(text)
    except OSError as error:
        raise _BadArguments(f"--hints {file}: {error.strerror}") from None
    except ValueError as error:
        raise _BadArguments(f"--hints {file} {error}") from None
    return text


def _flag(option: Option) -> str:
    return "--" + option.name.replace("_", "-")


def _argument_type(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """A reader of options, whose ValueError holds words for people, as argparse wants it."""

    def converted(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} {error}") from None

    return converted


def _help(client: Client[SettingsT]) -> str:
    own = "".join(
        entry(f"{flag} {value}", meaning) + "\n" for flag, value, meaning in client.extra_arguments
    )
    words = ["PHOTO ...", "--out FOLDER"]
    words += [f"[{flag} {value}]" for flag, value, _ in client.extra_arguments]
    words += [
        f"[{_flag(option)}]"
        if option.read is yes_or_no
        else f"[{_flag(option)} {option.name.upper().split('_')[-1]}]"
        for option in client.options(client.settings_class())
    ]
    words += ["[--hints FILE]", "[--at-once N]", "[--again]", "[--skip-color]"]
    return f"""\
usage: {client.program}
{usage(client.program, words)}
{usage(client.program, [_FEEDBACK, "[--db URL]", "[--format FORMAT]", "[--since WHEN]"])}

{client.purpose}

Without arguments the client is a server. With photos it starts no server: it sends them to the
model at URL itself, and writes the pictures. If URL is not set, it uses the model that
`python -m local up` runs in this folder. `feedback` reports which model people prefer, from the
client's votes.

  PHOTO
      A file, or a folder of photos with its subfolders. a.jpg becomes FOLDER/a.png, with its
      metadata (the default of --metadata is keep here); a folder keeps its name and structure; the
      pages of a TIFF become a-1.png, a-2.png.
  --out FOLDER
      The folder to write to. A picture that is there already, from the same photo and options, is
      not made again: the same command resumes one that was stopped.
{own}  --hints FILE
      Color hints for the only photo, as in the option hints of a request. For several photos,
      a.hints.json beside a.jpg is used.
  --at-once N (default {_AT_ONCE})
      Number of photos in progress at once.
  --again
      Make every picture again.
  --skip-color
      Skip photos that have color already; sepia does not count as color.

Exit codes: 0 every photo has its picture, 1 some failed, 2 a bad argument.

Settings, as environment variables:

{help_text(client.settings_class)}"""
