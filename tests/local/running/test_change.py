"""What runs is changed from another terminal: real Envoy, small servers in the models' place."""

import io
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from local.applications.load import load
from local.commands.console import Console
from local.ports import free_port
from local.running.applied import Applied
from local.running.logs import LogFiles
from local.running.mailbox import ChangeRequest
from local.running.plan import Plan, RunOptions
from local.running.planner import make_plan
from local.running.runner import Runner
from local.running.state import Row, StateFolder
from tests.local.conftest import STAND_IN, get, wait_until
from tests.local.running_applications import ARTICLE
from tests.running import ROOT

pytestmark = pytest.mark.long(1)

STAND_IN_MODEL = Path(__file__).parent.parent / "stand_in_model.py"
# The article's canary without its client; nothing is too slow for so patient a gateway.
CANARY = (
    (ARTICLE / "color-serving.yaml")
    .read_text()
    .partition("  - name: color-rest-serving")[0]
    .replace("protocol: tensorflow", 'protocol: tensorflow\n      timeout: "60000"')
)
# Another Application, with an address of its own.
OTHER = CANARY.replace("name: color-serving", "name: other").replace(
    "color-model-serving", "other-serving"
)
WITHIN_S = 120.0


def client(port: int) -> str:
    """A web service for the end of either."""
    url = "http://ambassador.vela-system.svc.cluster.local/seldon/default/x/v1/models/y:predict"
    return f"""\
  - name: other-client
    type: webservice
    dependsOn: [other-serving]
    properties:
      image: x/color-serving:v1
      env: [{{name: URL, value: "{url}"}}]
      port: {port}
"""


# A training that ends at once, with an error.
FAILING = """\
apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: trained, namespace: default}
spec:
  components:
  - name: failing
    type: model-training
    properties:
      image: x/train-color:v1
      framework: tensorflow
      restartPolicy: Never
      storage: [{name: my-pvc, mountPath: /model}]
      cmd: [python, -m, training, --no-such-flag]
"""


def shares(first: int, second: int) -> str:
    """The canary with these two weights."""
    one, two, rest = CANARY.split("traffic: 50")
    return f"{one}traffic: {first}{two}traffic: {second}{rest}"


def without_the_first() -> str:
    head, _, rest = CANARY.partition("        - name: model1")
    second = rest[rest.index("        - name: model2") :]
    return (head + second).replace("traffic: 50", "traffic: 100")


def with_stand_ins(plan: Plan) -> Plan:
    """The same plan with a small server for each model server."""
    components = []
    for each in plan.components:
        programs = each.programs
        if each.type == "model-serving":
            programs = tuple(
                replace(
                    program,
                    command=(
                        *(sys.executable, str(STAND_IN_MODEL)),
                        program.command[program.command.index("--rest_api_port") + 1],
                        re.search(r"model[12]", program.name)[0],
                    ),
                )
                for program in programs
            )
        elif each.type == "webservice":
            (program,) = programs
            command = (sys.executable, str(STAND_IN), program.environment["PORT"])
            programs = (replace(program, command=command),)
        components.append(replace(each, programs=programs))
    return replace(plan, components=tuple(components))


class WithStandIns(Applied):
    def plan_change(self, request: ChangeRequest) -> tuple[Plan, list[str]]:
        plan, notices = super().plan_change(request)
        return with_stand_ins(plan), notices


class Running:
    """An `up` on a thread of its own, of one file; it stops at the end of a `with`."""

    def __init__(self, folder: Path, text: str, **options: float):
        self.file = folder / "application.yaml"
        self.file.write_text(text)
        self.state = StateFolder(folder / "state")
        for version in ("v1", "v2", "v3"):
            model = self.state.volumes / "default" / "color-model" / "model" / version / version[1:]
            model.mkdir(parents=True)
            (model / "saved_model.pb").touch()
        run_options = RunOptions(gateway_port=free_port(), model_port=free_port())
        applications, _ = load([self.file])
        plan = with_stand_ins(make_plan(applications, self.state.root, run_options))
        applied = WithStandIns(applications, plan, self.state.root, run_options)
        self.port, self.admin_port = plan.ports["gateway"], plan.ports["admin"]
        self.out = io.StringIO()
        self.console = Console(self.out, [], LogFiles(self.state))
        self.runner = Runner(plan.components, self.console, self.state, applied, **options)
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        assert self.ready.wait(WITHIN_S)

    def _run(self) -> None:
        with self.state.own(["color-serving"]):
            self.code = self.runner.run(self.ready.set)
        self.console.close()

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_) -> None:
        self.runner.stop()
        self.thread.join(60)
        assert not self.thread.is_alive()

    def local(self, command: str, text: str = "", *options: str) -> subprocess.CompletedProcess:
        """Another terminal."""
        self.file.write_text(text)
        return subprocess.run(
            [sys.executable, "-m", "local", command, str(self.file), *options,
             "--state", str(self.state.root)],
            capture_output=True, text=True, cwd=ROOT, timeout=300,
        )  # fmt: skip

    def change(self, text: str) -> str:
        done = self.local("up", text)
        assert done.returncode == 0, done.stdout + done.stderr
        # Both terminals tell.
        for line in done.stdout.splitlines():
            assert line in self.out.getvalue()
        return done.stdout

    def served(self) -> set[str]:
        """The copies of models that are there."""
        return {path.name for path in (self.state.root / "served").glob("*/*/*/*")}

    def row(self, component: str) -> Row:
        return next(row for row in self.state.rows() if row.component == component)

    def ask(self, session: requests.Session | None = None) -> requests.Response:
        path = "seldon/default/color-model-serving/v1/models/my-model:predict"
        post = session.post if session else requests.post
        return post(f"http://127.0.0.1:{self.port}/{path}", b"{}", timeout=90)

    def who_answers(self, count: int = 60) -> Counter[str]:
        return Counter(self.ask().text.split()[0] for _ in range(count))


@pytest.fixture
def running(tmp_path) -> Iterator[Running]:
    with Running(tmp_path, CANARY) as up:
        yield up


@pytest.fixture(scope="module")
def lasting(tmp_path_factory) -> Iterator[Running]:
    """One for several tests, which leave it as they find it: running CANARY."""
    with Running(tmp_path_factory.mktemp("lasting"), CANARY) as up:
        yield up


class Callers:
    """Eight who ask without pause; what each was answered."""

    def __init__(self, running: Running):
        self.answers: list[tuple[int, str]] = []
        self._running = running
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(8)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        with requests.Session() as session:
            while not self._over.is_set():
                try:
                    reply = self._running.ask(session)
                    self.answers.append((reply.status_code, reply.text))
                except requests.RequestException as error:
                    self.answers.append((0, str(error)))

    def counted(self, count: int = 400) -> Counter[str]:
        """Which model answers the next so many requests."""
        start = len(self.answers) + 16  # some were on their way
        wait_until(lambda: len(self.answers) >= start + count, WITHIN_S)
        return Counter(text.split()[0] for _, text in self.answers[start : start + count])

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def test_no_request_fails_during_a_change(running):
    callers = Callers(running)
    try:
        assert 120 <= callers.counted()["model1"] <= 280
        output = running.change(shares(90, 10))
        assert "    predictors.model1.traffic: 50 -> 90" in output
        assert "no program of it is touched" in output
        assert 320 <= callers.counted()["model1"] <= 390
        running.change(shares(0, 100))
        assert set(callers.counted()) == {"model2"}
        output = running.change(without_the_first())
        assert "then stops model1" in output
        assert set(callers.counted()) == {"model2"}
        output = running.change(CANARY)
        assert "starts model1 beside the others" in output
        assert 120 <= callers.counted()["model1"] <= 280
    finally:
        callers.end()
    assert [each for each in callers.answers if each[0] != 200] == []
    # The second predictor was one process all the time.
    assert len({text for _, text in callers.answers if text.startswith("model2 ")}) == 1
    assert len({text for _, text in callers.answers if text.startswith("model1 ")}) == 2
    assert running.row("color-model-serving").restarts == 0
    assert running.row("color-model-serving").detail == "Available"


def test_another_model_path_and_more_replicas(running):
    callers = Callers(running)
    try:
        other = CANARY.replace("color-model/model/v1", "color-model/model/v3")
        output = running.change(other.replace("replicas: 1", "replicas: 2"))
        assert "predictors.model1.replicas: 1 -> 2" in output
        assert "v1 -> pvc://color-model/model/v3" in output
        assert "starts model1/0, model1/1, model2/1 beside the others" in output
        answers = len(callers.answers)
        wait_until(lambda: len(callers.answers) > answers + 400, WITHIN_S)
        now = {text for _, text in callers.answers[answers + 16 :]}
        running.change(CANARY)
    finally:
        callers.end()
    assert [each for each in callers.answers if each[0] != 200] == []
    before = {text for _, text in callers.answers[:100]}
    # Two of each: the one replica of model2 that was there stays, that of model1 does not.
    assert Counter(text.split()[0] for text in now) == {"model1": 2, "model2": 2}
    assert [text.split()[0] for text in now & before] == ["model2"]


def test_a_copy_goes_with_the_last_that_serves_from_it(running):
    first, second, third = (f"color-model+model+v{version}" for version in (1, 2, 3))
    assert running.served() == {first, second}
    running.change(CANARY.replace("color-model/model/v1", "color-model/model/v3"))
    assert running.served() == {second, third}
    uri = "modelUri: pvc://color-model/model"
    broken = CANARY.replace(f"{uri}/v2", f"{uri}/v3").replace(
        f"{uri}/v1", "modelUri: pvc://none/v1"
    )
    assert running.local("up", broken).returncode == 1
    assert running.served() == {second, third}
    running.change(without_the_first())
    assert running.served() == {second}
    running.change(OTHER)
    other = running.state.root / "served" / "default" / "other-serving"
    assert len(list(other.glob("*/*"))) == 2
    running.state.request_down("other")
    wait_until(lambda: running.row("other-serving").phase == "stopped")
    wait_until(lambda: not list(other.glob("*/*")))
    assert running.ask().status_code == 200
    running.runner.stop()
    running.thread.join(60)
    assert running.served() == set()


def test_a_job_that_failed_stays_failed_until_its_own_properties_change(running):
    ended = "failing failed: exit code 2"
    running.change(FAILING)
    wait_until(lambda: running.row("failing").phase == "failed", WITHIN_S)
    output = running.change(shares(90, 10))
    stays = "trained/failing has failed, and does not run again as it is"
    assert stays in output
    assert "is started" not in output
    assert "Nothing is different from what runs." in (output := running.change(FAILING))
    assert stays in output
    assert running.out.getvalue().count(ended) == 1
    # Its own properties.
    output = running.change(FAILING.replace("--no-such-flag", "--nor-this-one"))
    assert "~ trained/failing: runs again" in output
    wait_until(lambda: running.out.getvalue().count(ended) == 2, WITHIN_S)
    # And when it is wanted.
    down = [sys.executable, "-m", "local", "down", "trained", "--state", str(running.state.root)]
    done = subprocess.run(down, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    assert running.row("failing").phase == "stopped"
    output = running.change(FAILING.replace("--no-such-flag", "--nor-this-one"))
    assert "+ trained/failing: model-training, is started" in output
    wait_until(lambda: running.out.getvalue().count(ended) == 3, WITHIN_S)
    assert running.ask().status_code == 200


def test_without_its_state_folder_it_stops(running):
    running.state.root.rename(running.state.root.with_name("elsewhere"))
    running.thread.join(60)
    assert running.code == 1
    assert f"{running.state.root} was deleted: stopping what ran from it" in running.out.getvalue()


def test_timeouts_are_changed_without_touching_a_model_server(lasting):
    before = {lasting.ask().text for _ in range(40)}
    lasting.change(CANARY.replace('"60000"', '"1"'))
    reply = lasting.ask()
    assert (reply.status_code, reply.text) == (504, "upstream request timeout")
    lasting.change(CANARY)
    assert {lasting.ask().text for _ in range(40)} == before


def test_a_header_route_and_another_application_come_and_go(running):
    second = CANARY.replace("name: color-serving", "name: styled").replace(
        "color-model-serving", "styled-serving"
    )
    routed = second.replace(
        "      protocol",
        '      customRouting: {header: "style: transfer", serviceName: color-model-serving}\n'
        "      protocol",
    ).replace("model/v1", "model/v3")
    plain = {running.ask().text for _ in range(40)}
    output = running.change(routed)
    assert "+ styled/styled-serving: model-serving, is started" in output
    wait_until(lambda: running.row("styled-serving").phase == "running", WITHIN_S)
    path = "seldon/default/color-model-serving/v1/models/my-model:predict"
    url = f"http://127.0.0.1:{running.port}/{path}"
    styled = {requests.post(url, b"{}", headers={"style": "transfer"}).text for _ in range(20)}
    assert styled.isdisjoint(plain)
    assert {running.ask().text for _ in range(40)} == plain

    down = subprocess.run(
        [sys.executable, "-m", "local", "down", "styled", "--state", str(running.state.root)],
        capture_output=True, text=True, cwd=ROOT, timeout=120,
    )  # fmt: skip
    assert down.returncode == 0, down.stderr
    assert running.row("styled-serving").phase == "stopped"
    # And again, where it had an address of its own before.
    output = running.change(second)
    assert "+ styled/styled-serving: model-serving, is started" in output
    wait_until(lambda: running.row("styled-serving").phase == "running", WITHIN_S)
    url = url.replace("color-model-serving", "styled-serving")
    assert requests.post(url, b"{}").text.startswith("model")


def test_failed_change_changes_nothing(lasting):
    before = {lasting.ask().text for _ in range(40)}
    broken = shares(90, 10).replace("color-model/model/v1", "other-claim/model/v9")
    done = lasting.local("up", broken)
    assert done.returncode == 1
    assert "Not changed: color-serving/color-model-serving: pvc://other-claim" in done.stdout
    assert {lasting.ask().text for _ in range(40)} == before
    assert lasting.row("color-model-serving").detail == "Available"
    assert 10 <= lasting.who_answers()["model1"] <= 50
    lasting.change(shares(0, 100))
    assert lasting.who_answers() == {"model2": 60}
    lasting.change(CANARY)


def test_diff_shows_and_changes_nothing(lasting):
    printed = len(lasting.out.getvalue())
    done = lasting.local("diff", shares(90, 10))
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        "~ color-serving/color-model-serving: other properties; no program of it is touched",
        "    predictors.model1.traffic: 50 -> 90",
        "    predictors.model2.traffic: 50 -> 10",
    ]
    assert "traffic" not in lasting.out.getvalue()[printed:]
    same = lasting.local("diff", CANARY)
    assert (same.returncode, same.stdout) == (0, "Nothing is different from what runs.\n")
    assert "Nothing is different from what runs." in lasting.change(CANARY)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("namespace: default", "namespace: test"), "runs in the namespace default, which can"),
        (("type: model-serving", "type: task"), "runs as a model-serving, which cannot be changed"),
        (("traffic: 50", "traffic: 60"), "sums to 110, not to 100"),
    ],
)
def test_impossible_changes_are_refused(lasting, change, says):
    text = CANARY.replace(*change, 1)
    if "task" in change[1]:
        head = text.partition("    properties:")[0]
        text = f"{head}    properties: {{image: x/color-model}}\n    traits:\n    - type: storage\n"
        text += "      properties: {pvc: [{name: x, mountPath: /mnt}]}\n"
    done = lasting.local("up", text, "--gateway-port", "18080")
    assert done.returncode == 2
    assert says in done.stderr
    assert "--gateway-port changes nothing" in done.stderr
    assert done.stdout == ""
    assert lasting.ask().status_code == 200


def test_a_client_is_started_again_for_other_settings(running):
    whole = CANARY + "  - name: color-rest-serving" + (
        (ARTICLE / "color-serving.yaml").read_text().partition("  - name: color-rest-serving")[2]
    )  # fmt: skip
    output = running.change(whole)
    assert "+ color-serving/color-rest-serving: webservice, is started" in output
    client = running.row("color-rest-serving")
    assert (client.phase, client.module) == ("running", "color_client")
    assert client.url.startswith(f"http://127.0.0.1:{running.port}/seldon/default/color-model-")
    url = client.endpoints[0][1].replace("localhost", "127.0.0.1") + "/"
    before = get(url)
    models = {running.ask().text for _ in range(40)}
    setting = "      env:\n        - {name: TIMEOUT_S, value: '20'}\n"
    output = running.change(whole.replace("      env:\n", setting))
    assert "color-rest-serving: is started again, and does not answer until then" in output
    assert "    env.TIMEOUT_S: none -> {'value': '20'}" in output
    assert get(url) != before
    assert {running.ask().text for _ in range(40)} == models
    output = running.change(CANARY)
    assert "- color-serving/color-rest-serving: is stopped at the end" in output
    assert [row.component for row in running.state.rows()] == ["gateway", "color-model-serving"]


def test_failing_new_component_stops_nothing_else(running):
    # Nor is anybody waited for who waits for it.
    other = OTHER + client(free_port())
    done = running.local("up", other.replace("color-model/model/v1", "nothing/model/v1"))
    assert done.returncode == 1
    assert "other/other-serving failed: pvc://nothing/model/v1: the claim is empty" in done.stdout
    assert running.row("other-serving").phase == "failed"
    assert running.row("other-client").detail == "waiting for other-serving"
    assert running.ask().status_code == 200
    # Once it is put right, it comes up.
    assert "+ other/other-serving: model-serving, is started" in running.change(other)
    assert running.row("other-serving").phase == "running"
    wait_until(lambda: running.row("other-client").phase == "running", WITHIN_S)


def test_unwanted_failed_component_is_removed(running):
    assert running.local("up", OTHER.replace("color-model/model/v1", "none/v1")).returncode == 1
    output = running.change(OTHER.replace("other-serving", "another-serving"))
    assert "- other/other-serving: is stopped at the end" in output
    names = {row.component for row in running.state.rows()}
    assert names == {"gateway", "color-model-serving", "another-serving"}


def test_what_is_stopped_during_a_change_stays_stopped(running):
    running.change(OTHER)
    more = CANARY.replace("replicas: 1", "replicas: 2", 1)
    running.file.write_text(more)
    command = [sys.executable, "-m", "local", "up", str(running.file)]
    changing = subprocess.Popen([*command, "--state", str(running.state.root)], cwd=ROOT,
                                stdout=subprocess.PIPE, text=True)  # fmt: skip
    with changing:
        assert "starts model1/1 beside the others" in changing.stdout.readline()
        running.state.request_down("other")
        assert changing.wait(WITHIN_S) == 0
    wait_until(lambda: running.row("other-serving").phase == "stopped")
    running.change(CANARY)
    assert running.row("other-serving").phase == "stopped"


def test_ctrl_c_on_who_asked_leaves_the_change_going_on(running):
    running.file.write_text(CANARY.replace("replicas: 1", "replicas: 2", 1))
    command = [sys.executable, "-m", "local", "up", str(running.file)]
    asking = subprocess.Popen(
        [*command, "--state", str(running.state.root)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert "starts model1/1 beside the others" in asking.stdout.readline()
    asking.send_signal(signal.SIGINT)
    _, error = asking.communicate(timeout=WITHIN_S)
    assert (asking.returncode, error) == (
        130, "the change goes on where `up` runs; python -m local ls shows it\n",
    )  # fmt: skip
    wait_until(lambda: "Changed." in running.out.getvalue(), WITHIN_S)


def test_others_may_take_the_ports_of_what_is_stopped(running):
    running.change(OTHER + client(free_port()))
    address = running.row("other-client").endpoints[0][1]
    running.state.request_down("other")
    wait_until(lambda: running.row("other-serving").phase == "stopped")
    port = int(address.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        running.change(OTHER + client(port))
        assert running.row("other-client").endpoints[0][1] != address


def test_a_change_without_a_free_port_changes_nothing(lasting):
    with socket.socket() as last:
        last.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        last.bind(("127.0.0.1", 65535))
        last.listen()
        done = lasting.local("up", OTHER + client(65535))
    assert done.returncode == 1
    assert "Not changed: no port from 65535 on is free for other-client" in done.stdout
    assert lasting.ask().status_code == 200
