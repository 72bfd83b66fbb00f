"""Several models, version policies and labels from a model config file."""

from pathlib import Path

import pytest

from serving.model_config import ConfigError, Policy, read_config_file
from tests.serving.server_process import ServerProcess
from tests.serving.small_models import write_version

FAST_POLL = "--file_system_poll_wait_seconds=0.1"


def write_config(path: Path, *models: str) -> None:
    lines = "\n".join(f"config {{ {model} model_platform: 'tensorflow' }}" for model in models)
    new = path.with_suffix(".new")
    new.write_text(f"model_config_list {{ {lines} }}")
    new.rename(path)


def test_policies_and_labels(tmp_path):
    file = tmp_path / "models.config"
    write_config(
        file,
        "name: 'a' base_path: '/a'",
        "name: 'b' base_path: '/b' model_version_policy { latest { num_versions: 2 } }",
        "name: 'c' base_path: '/c' model_version_policy { all {} }",
        "name: 'd' base_path: '/d' model_version_policy { specific { versions: 1 versions: 3 } }"
        " version_labels { key: 'stable' value: 3 }",
    )
    models = read_config_file(file)
    assert [models[name].policy for name in "abcd"] == [
        Policy(1),
        Policy(2),
        Policy(None),
        Policy(None, frozenset({1, 3})),
    ]
    assert models["d"].labels == {"stable": 3} and models["d"].base_path == Path("/d")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no model_config_list"),
        ("model_config_list {}", "names no model"),
        ("model_config_list { config { nme: 'a' } }", "nme"),
        ("model_config_list { config { base_path: '/a' } }", "a name is not empty"),
        ("model_config_list { config { name: 'a' } }", "base_path"),
        ("model_config_list { config { name: 'a' base_path: 'gs://x/y' } }", "base_path"),
        (
            "model_config_list { config { name: 'a' base_path: '/a' model_platform: 'x' } }",
            "model_platform",
        ),
        ("model_config_list {" + 2 * "config { name: 'a' base_path: '/a' }" + "}", "twice"),
        ("custom_model_config {}", "no model_config_list"),
    ],
)
def test_invalid_config_is_one_line(tmp_path, text, says):
    file = tmp_path / "models.config"
    file.write_text(text)
    with pytest.raises(ConfigError, match=says) as error:
        read_config_file(file)
    assert "\n" not in str(error.value)


def test_several_models_by_name_and_by_label_and_a_file_that_changes(start_server, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    for version in (1, 2, 3):
        write_version(tmp_path / "one", version)
    write_version(tmp_path / "two", 7)
    file = tmp_path / "models.config"
    one = f"name: 'one' base_path: '{tmp_path}/one' model_version_policy {{ all {{}} }}"
    two = f"name: 'two' base_path: '{tmp_path}/two'"
    label = "version_labels { key: 'stable' value: %d }"
    write_config(file, one + label % 1, two)
    server: ServerProcess = start_server(
        tmp_path / "ignored",
        FAST_POLL,
        f"--model_config_file={file}",
        "--model_config_file_poll_wait_seconds=0.1",
    ).wait_until_open()

    def asked(path: str) -> tuple[int, object]:
        reply = server.predict({"instances": [0.0]}, f"/v1/models/{path}:predict")
        return reply.status, reply.json.get("predictions") or reply.error

    server.wait_for(lambda: asked("one/labels/stable") == (200, [1.0]))
    assert asked("one") == (200, [3.0])
    assert asked("one/versions/2") == (200, [2.0])
    assert asked("two") == (200, [7.0])
    assert asked("one/labels/new") == (400, "Unrecognized servable version label: new")
    assert asked("two/labels/stable") == (400, "Unrecognized servable version label: stable")
    assert asked("hpt") == (404, "Servable not found for request: Latest(hpt)")
    report = server.request("GET", "/v1/models/one/labels/stable").json["model_version_status"]
    assert [(each["version"], each["state"]) for each in report] == [("1", "AVAILABLE")]
    assert len(server.request("GET", "/v1/models/one").json["model_version_status"]) == 3

    # A file that cannot be read changes nothing; a label waits for its version.
    file.write_text("model_config_list {")
    server.wait_for(lambda: "The models stay as they are" in server.log)
    assert asked("one/labels/stable") == (200, [1.0])
    write_config(file, one + label % 9)
    server.wait_for(lambda: asked("two")[0] == 404)
    assert asked("one/labels/stable") == (200, [1.0])
    write_version(tmp_path / "one", 9)
    server.wait_for(lambda: asked("one/labels/stable") == (200, [9.0]))
    # Another policy unloads what it leaves out.
    one_only = f"name: 'one' base_path: '{tmp_path}/one' model_version_policy "
    write_config(file, one_only + "{ specific { versions: 2 } }", two)
    server.wait_for(lambda: asked("one") == (200, [2.0]) and asked("two") == (200, [7.0]))
    server.wait_for(lambda: asked("one/versions/9")[0] == 404)
    assert " 500 " not in server.log and "Traceback" not in server.log
