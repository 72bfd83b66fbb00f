"""How what runs is shown, on a terminal and elsewhere."""

import io
import os
import re
from contextlib import suppress
from dataclasses import replace

from rich.console import Console as Printer

from local.commands.console import Console
from local.commands.table import components_table
from local.running.state import Row

ROW = Row("app", "default", "demo", "webservice", "running", True, "Ready:1/1", 0, 1e9,
          (("Service/default/demo", "http://localhost:3333"),))  # fmt: skip


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_table_stays_below_the_lines_on_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    console = Console(out, ["demo"])
    console.rows([ROW])
    console.line(("app", "demo"), "demo", "hello [bold]")
    console.close()
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())
    assert "demo  | hello [bold]" in shown
    before, after = shown.split("hello [bold]")
    for part in (before, after):
        assert re.search(r"app +demo +webservice +running +healthy +Ready:1/1 +0 ", part)
        assert re.search(r"\| local +\| Service/default/demo +\| http://localhost:3333 \|", part)


def test_names_are_whole_where_the_terminal_is_narrow():
    long = replace(ROW, application="color-style-ab-serving", component="color-ab-serving",
                   phase="restarting", detail="Ready:0/1, it ended with signal 9 (SIGKILL)",
                   healthy=False)  # fmt: skip
    for width in (80, 100, 200):
        out = io.StringIO()
        Printer(file=out, width=width).print(components_table([long, long, long], width))
        lines = out.getvalue().splitlines()
        assert all(len(line) <= width for line in lines)
        assert re.search(r"color-style-ab-serving +color-ab-serving .*restarting", lines[1])
        assert "Ready:0/1, it ended" in lines[1]
        assert lines[2].startswith("├─")
        assert lines[3].startswith("└─")
    assert "signal 9 (SIGKILL)" in lines[1]
    assert "2001-09-09" in lines[1]


def test_without_a_terminal_each_change_is_a_line():
    out = io.StringIO()
    console = Console(out, ["demo"])
    console.rows([ROW])
    console.rows([replace(ROW, detail="something else")])
    console.rows([replace(ROW, phase="restarting", healthy=False, detail="exit code 1")])
    assert out.getvalue().splitlines() == [
        "local | app/demo  webservice  running  healthy  Ready:1/1",
        "local | app/demo  webservice  restarting  unhealthy  exit code 1",
    ]


def test_closed_output_does_not_stop_programs():
    out = io.StringIO()
    console = Console(out, [])
    out.close()
    show_everything(console)


def test_unread_output_does_not_stop_programs():
    reading, writing = os.pipe()
    os.close(reading)
    out = os.fdopen(writing, "w", buffering=1)
    show_everything(Console(out, []))
    with suppress(BrokenPipeError):
        out.close()


def show_everything(console: Console) -> None:
    console.say("to nobody")
    console.rows([ROW])
    console.show_endpoints([ROW])
    console.close()
