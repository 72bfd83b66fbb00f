"""Who may import whom (docs/design.md). Read from the source, so that lazy imports count too."""

import ast
from graphlib import TopologicalSorter
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


def imported_packages(source: str) -> set[str]:
    """Top-level names that a module imports absolutely, wherever in it the import stands."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    return names


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


def test_a_lazy_import_is_seen():
    assert imported_packages("def f():\n    import tensorflow.io\n") == {"tensorflow"}
    assert imported_packages("from serving.json import x\nfrom . import y\n") == {"serving"}


# The rooms of `local`: what each may import of the others; modules on top are named themselves.
LOCAL_ROOMS = {
    "ports": set(),
    "addresses": set(),
    "model_folder": set(),
    # The images of the models hold these two alone.
    "shipped_models": {"model_folder"},
    "applications": {"ports", "model_folder"},
    "gateway": {"applications"},
    "running": {
        "applications", "gateway", "ports", "addresses", "model_folder", "shipped_models",
    },
    "rendering": {"applications", "gateway"},
    "commands": {
        "applications", "gateway", "running", "rendering", "ports", "model_folder",
        "shipped_models",
    },
    "cli": {"commands", "ports"},
    "__main__": {"cli"},
    "__init__": set(),
}  # fmt: skip


def local_imports(path: Path) -> set[str]:
    """Modules of `local` that a module of it imports, as dotted names below `local`."""
    package = path.relative_to(ROOT / "local").parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom):
            continue
        module = tuple((node.module or "").split(".")) if node.module else ()
        if node.level:
            module = (*package[: len(package) - node.level + 1], *module)
        elif module[:1] == ("local",):
            module = module[1:]
        else:
            continue
        found.add(".".join(module))
    return found


def local_modules() -> dict[str, Path]:
    folder = ROOT / "local"
    return {
        ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__"): path
        for path in folder.rglob("*.py")
    }


@pytest.mark.parametrize("room", LOCAL_ROOMS)
def test_a_room_of_local_imports_only_what_it_may(room):
    wrong = {
        f"{name} imports {other}"
        for name, path in local_modules().items()
        for other in local_imports(path)
        if name.partition(".")[0] == room
        and other.partition(".")[0] not in {room} | LOCAL_ROOMS[room]
    }
    assert not wrong


def test_every_room_of_local_is_known():
    assert {name.partition(".")[0] for name in local_modules()} == set(LOCAL_ROOMS)


def test_no_circle_of_imports_in_local():
    modules = local_modules()
    graph = {name: local_imports(path) & set(modules) for name, path in modules.items()}
    list(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle


def test_local_is_read_in_one_sitting():
    long = {
        name: lines
        for name, path in local_modules().items()
        if (lines := len(path.read_text().splitlines())) > 250
    }
    # A table of types.
    assert set(long) <= {"applications.types"}
