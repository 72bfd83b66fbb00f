"""Where clients keep what people choose on one machine, and what a cluster's settings become."""

import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from local.applications.claims import Volumes
from local.applications.load import load
from local.applications.validate import validate
from local.commands.feedback import database_of
from local.errors import CannotStart
from local.ports import free_port
from local.running.components import Component
from local.running.feedback import PrepareFeedback
from local.running.plan import Plan, PlannedComponent, RunOptions, describe
from local.running.planner import make_plan
from local.running.program import Child, Program
from local.running.state import Row
from tests.local.conftest import wait_until
from tests.local.running_applications import ARTICLE
from tests.running import ROOT

FILE = ROOT / "deploy" / "color-canary-feedback.yaml"


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("FEEDBACK_DB", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)


def client(file: Path, state: Path) -> PlannedComponent:
    run_options = RunOptions(port=free_port(), gateway_port=free_port(), model_port=free_port())
    plan = make_plan(load([file])[0], state, run_options)
    (found,) = (each for each in plan.components if each.type == "webservice")
    return found


def test_an_application_of_a_cluster_runs_with_sqlite(tmp_path):
    planned = client(FILE, tmp_path)
    (program,) = planned.programs
    assert program.environment["FEEDBACK_DB"] == str(
        tmp_path / "feedback/default/color-feedback.db"
    )
    assert program.environment["REPORT"] == "on"
    assert not {"PGPASSWORD", "SECRET_KEY"} & program.environment.keys()
    assert program.secrets == {"SECRET_KEY": tmp_path / "secret-key"}
    # The database is not run here, so nobody waits for it.
    assert planned.depends_on == (("color-feedback", "color-feedback-model"),)
    applications, found = load([FILE])
    found += validate(applications, Volumes(tmp_path / "volumes"))
    assert all(each.notice for each in found)
    texts = [each.text for each in sorted(found)]
    assert "this is not run here; a cluster runs it" in texts
    assert "PostgreSQL is not run here: choices are kept in SQLite, in the state folder" in texts
    assert "a key of the state folder takes its place" in texts


def test_clients_that_begin_at_once_have_one_key(tmp_path, monkeypatch):
    keys = iter(("one", "two"))

    def made(_):
        time.sleep(0.2)  # while the other one begins
        return next(keys)

    monkeypatch.setattr("local.running.feedback.secrets.token_urlsafe", made)
    step = PrepareFeedback(tmp_path / "feedback", tmp_path / "key")
    had = []

    def begin():
        step.run(print)
        had.append(step.key.read_text())

    threads = [threading.Thread(target=begin) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert had == ["one", "one"]
    assert step.key.stat().st_mode & 0o777 == 0o600


def test_feedback_is_off_in_any_spelling():
    row = Row("app", "default", "client", "webservice", "running", True, "", module="color_client")
    with pytest.raises(CannotStart, match="no client of app keeps what people choose"):
        database_of([replace(row, feedback_db="OFF"), replace(row, feedback_db="off")], "app")


def test_several_databases_are_not_named_as_an_address_may_hold_a_password():
    row = Row("app", "default", "one", "webservice", "running", True, "", module="color_client")
    one = replace(row, feedback_db="postgresql://me:password@host/votes")
    with pytest.raises(CannotStart, match=r"app \(one, two\)") as error:
        database_of([one, replace(row, component="two", feedback_db="sqlite:///votes.db")], "app")
    assert "password" not in str(error.value)


def test_other_secrets_are_still_an_error(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(FILE.read_text().replace("- name: PGPASSWORD", "- name: TOKEN"))
    applications, found = load([file])
    found += validate(applications, Volumes(tmp_path / "volumes"))
    (wrong,) = (each for each in found if not each.notice)
    assert "there are no secrets and config maps on this machine" in wrong.text


@pytest.mark.parametrize("value", ["off", "/somewhere/votes.db"])
def test_settings_of_the_application_take_precedence(tmp_path, value):
    text = (ARTICLE / "color-serving.yaml").read_text()
    own = f'env:\n        - {{name: FEEDBACK_DB, value: "{value}"}}\n'
    file = tmp_path / "a.yaml"
    file.write_text(text.replace("env:\n", own))
    (program,) = client(file, tmp_path).programs
    assert program.environment["FEEDBACK_DB"] == value


def test_environment_of_up_takes_precedence(tmp_path, monkeypatch):
    monkeypatch.setenv("FEEDBACK_DB", "postgresql+psycopg://me:hush@here/votes")
    monkeypatch.setenv("SECRET_KEY", "mine")
    planned = client(FILE, tmp_path)
    (program,) = planned.programs
    assert program.secrets == {}
    # The program has it all the same; whoever shows the plan, or what runs, does not.
    assert "me:hush@" not in f"{describe(Plan((planned,)))} {Component(planned).row()}"
    assert not {"FEEDBACK_DB", "SECRET_KEY"} & program.environment.keys()


def test_key_survives_a_restart_and_is_private(tmp_path):
    keep = PrepareFeedback(tmp_path / "feedback" / "default", tmp_path / "secret-key")
    keep.run(print)
    key = keep.key.read_text()
    keep.run(print)
    assert keep.key.read_text() == key
    assert len(key) > 40
    assert keep.key.stat().st_mode & 0o777 == 0o600
    assert keep.folder.is_dir()


def test_secrets_reach_the_program_and_are_not_shown(tmp_path):
    (tmp_path / "key").write_text("hush")
    secrets = {"SECRET_KEY": tmp_path / "key", "GONE": tmp_path / "nothing"}
    code = "import os; print(os.environ['SECRET_KEY'], 'GONE' in os.environ)"
    program = Program("p", (sys.executable, "-c", code), secrets=secrets)
    lines: list[str] = []
    child = Child(program, lambda name, line: lines.append(line), lambda child: None)
    wait_until(lambda: not child.running, 60)
    assert lines == ["hush False"]
    plan = Plan((PlannedComponent("a", "c", "webservice", programs=(program,)),))
    assert "hush" not in str(describe(plan))
