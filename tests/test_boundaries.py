"""Who may import whom (docs/design.md). Read from the source, so that lazy imports count too."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = {
    "web",
    "pictures",
    "predict_url",
    "photo_client",
    "color_client",
    "style_client",
    "serving",
    "training",
    "local",
    "bench",
    "soak",
    "tests",
}
TENSORFLOW = {"tensorflow", "keras", "tensorflow_hub", "tensorflow_serving", "tf_keras"}
HTTP = {"flask", "gunicorn", "requests", "http", "werkzeug", "urllib3"}

# What of ours each package may import.
CLIENT_ROOMS = {"web", "pictures", "predict_url", "photo_client"}
ALLOWED: dict[str, set[str]] = {
    "web": set(),
    "pictures": set(),
    "predict_url": {"web", "pictures"},
    "photo_client": {"web", "pictures", "predict_url"},
    "color_client": CLIENT_ROOMS,
    "style_client": CLIENT_ROOMS | {"color_client"},
    "serving": {"web"},
    "training": set(),
    # It starts the others as programs.
    "local": set(),
}
# And what it may not import of others'. Clients install without TensorFlow; pictures know no
# network; the model server knows tensors and JSON, nothing of color or style: no picture library.
FORBIDDEN = {
    "web": TENSORFLOW | {"PIL", "numpy"},
    "pictures": TENSORFLOW | HTTP,
    "predict_url": TENSORFLOW,
    "photo_client": TENSORFLOW,
    "color_client": TENSORFLOW,
    "style_client": TENSORFLOW,
    "serving": {"PIL", "requests"},
    "training": HTTP,
    "local": TENSORFLOW,
}


# The rooms of training, which what stands on top of them (`training.cli`) may all import.
ROOMS = {
    "training.program": set(),
    "training.photos": {"program"},
    "training.loop": {"program"},
    "training.publishing": {"program", "loop"},
    "training.color": {"program", "photos", "loop", "publishing"},
    "training.style": {"program", "photos", "loop", "publishing"},
}


@cache
def modules(package: str) -> dict[str, Path]:
    """Every module of a package of ours, by its full name."""
    paths = (path.relative_to(ROOT) for path in (ROOT / package).rglob("*.py"))
    return {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def imported_names(source: str) -> set[str]:
    """What a module imports absolutely, wherever in it the import stands.

    `from a import b` gives `a` and `a.b`, which may be a module.
    """
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def imported_packages(source: str) -> set[str]:
    """The top-level names of what a module imports."""
    return {name.split(".")[0] for name in imported_names(source)}


@pytest.mark.parametrize("package", ALLOWED)
def test_package_imports_only_what_it_may(package):
    folder = ROOT / package
    if not folder.is_dir():
        pytest.skip(f"{package} is not built yet")
    refused = (OURS - ALLOWED[package] - {package}) | FORBIDDEN[package]
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in folder.rglob("*.py")
        for name in imported_packages(path.read_text()) & refused
    }
    assert not wrong


@pytest.mark.parametrize("room", ROOMS)
def test_room_imports_only_what_it_may(room):
    own = room.removeprefix("training.")
    refused = {"cli", *(other.removeprefix("training.") for other in ROOMS)} - ROOMS[room] - {own}
    wrong = {
        f"{path} imports {name}"
        for module, path in modules("training").items()
        if module.startswith(room)
        for name in imported_names((ROOT / path).read_text())
        if name.startswith("training.") and name.split(".")[1] in refused
    }
    assert not wrong


def test_every_folder_of_training_is_a_room():
    folders = {path.parent.name for path in (ROOT / "training").glob("*/__init__.py")}
    assert folders == {room.removeprefix("training.") for room in ROOMS}


@pytest.mark.parametrize("package", sorted(OURS))
def test_no_circle(package):
    """Lazy imports count: a circle that is hidden in a function is one, too."""
    known = modules(package)
    graph = {
        module: (imported_names((ROOT / path).read_text()) & known.keys()) - {package, module}
        for module, path in known.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_a_lazy_import_is_seen():
    assert imported_packages("def f():\n    import tensorflow.io\n") == {"tensorflow"}
    assert imported_packages("from serving.json import x\nfrom . import y\n") == {"serving"}
