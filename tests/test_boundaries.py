"""Who may import whom (docs/design.md). Read from the source, so that lazy imports count too."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = {
    "colorway",
    "web",
    "pictures",
    "predict_url",
    "feedback",
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
CLIENT_PACKAGES = {"web", "pictures", "predict_url", "feedback", "photo_client"}
ALLOWED: dict[str, set[str]] = {
    # How a program starts; a console script imports its program when it is run.
    "colorway": set(),
    "web": set(),
    "pictures": set(),
    "predict_url": {"web", "pictures"},
    # What people think of pictures, whatever they are pictures of.
    "feedback": {"web"},
    "photo_client": {"web", "pictures", "predict_url", "feedback"},
    "color_client": CLIENT_PACKAGES,
    "style_client": CLIENT_PACKAGES | {"color_client"},
    "serving": {"web"},
    # The math of hints is judged where the models are.
    "training": {"pictures"},
    # It starts the others as programs.
    "local": set(),
    "bench": {"serving", "local", "pictures", "photo_client", "color_client"},
    "soak": {"bench", "local"},
}
# And what it may not import of others'. Clients install without TensorFlow; pictures know no
# network; the model server knows tensors and JSON, nothing of color or style: no picture library.
FORBIDDEN = {
    "colorway": TENSORFLOW | HTTP,
    "web": TENSORFLOW | {"PIL", "numpy"},
    "pictures": TENSORFLOW | HTTP,
    "predict_url": TENSORFLOW,
    "feedback": TENSORFLOW | {"PIL", "numpy"},
    "photo_client": TENSORFLOW,
    "color_client": TENSORFLOW,
    "style_client": TENSORFLOW,
    "serving": {"PIL", "requests"},
    "training": HTTP,
    "local": TENSORFLOW,
    "bench": set(),
    "soak": TENSORFLOW,
}


# The parts of a package, subpackages and modules: what each may import of the others.
_SHARED = {"program", "photos", "loop", "publishing"}
PARTS: dict[str, dict[str, set[str]]] = {
    "training": {
        "program": set(),
        "photos": {"program"},
        "loop": {"program"},
        "publishing": {"program", "loop"},
        "color": _SHARED,
        "style": _SHARED,
        "export_command": {"program", "loop", "publishing", "color", "style"},
        "cli": {"program", "color", "style"},
        "__main__": {"cli"},
    },
    "local": {
        "errors": set(),
        "ports": {"errors"},
        "addresses": set(),
        "model_folder": set(),
        # The images of the models hold these two alone.
        "shipped_models": {"model_folder"},
        "applications": {"ports", "model_folder"},
        "gateway": {"applications", "ports"},
        "running": {
            "applications", "gateway", "errors", "ports", "addresses", "model_folder",
            "shipped_models",
        },
        "rendering": {"applications", "gateway", "ports"},
        "promotion": {"applications", "running", "errors"},
        "commands": {
            "applications", "gateway", "running", "rendering", "promotion", "errors", "ports",
            "model_folder", "shipped_models",
        },
        "cli_promotion": {"commands"},
        "cli": {"commands", "cli_promotion", "errors", "ports"},
        "__main__": {"cli"},
    },
}  # fmt: skip

# What is longer than one sitting: tables of types.
LONG = {"local.applications.types"}


@cache
def modules(package: str) -> dict[str, Path]:
    """Every module of a package of ours, by its full name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (ROOT / package).rglob("*.py")
    }


def imported_names(source: str, package: str = "") -> set[str]:
    """What a module of `package` imports, wherever in it the import stands.

    `from a import b` gives `a` and `a.b`, which may be a module.
    """
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join(
                [*(above if node.level else []), *([node.module] if node.module else [])]
            )
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return names


def imports_of(module: str, path: Path) -> set[str]:
    """The full names of what a module of ours imports."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return imported_names(path.read_text(), package)


def imported_packages(module: str, path: Path) -> set[str]:
    """The top-level names of what a module imports."""
    return {name.split(".")[0] for name in imports_of(module, path)}


@pytest.mark.parametrize("package", ALLOWED)
def test_package_imports_only_what_it_may(package):
    refused = (OURS - ALLOWED[package] - {package}) | FORBIDDEN[package]
    wrong = {
        f"{module} imports {name}"
        for module, path in modules(package).items()
        for name in imported_packages(module, path) & refused
        if (path.name, name) != ("__main__.py", "colorway")
    }
    assert not wrong


@pytest.mark.parametrize("package", ALLOWED)
def test_package_says_what_it_may_import(package):
    docstring = ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text())) or ""
    assert {name for name in ALLOWED[package] if f"`{name}`" not in docstring} == set()


def parts() -> list[tuple[str, str]]:
    return [(package, part) for package, inside in PARTS.items() for part in inside]


@pytest.mark.parametrize(("package", "part"), parts())
def test_part_imports_only_what_it_may(package, part):
    refused = PARTS[package].keys() - PARTS[package][part] - {part}
    wrong = {
        f"{module} imports {name}"
        for module, path in modules(package).items()
        if module.split(".")[1:2] == [part]
        for name in imports_of(module, path)
        if name.startswith(f"{package}.") and name.split(".")[1] in refused
    }
    assert not wrong


@pytest.mark.parametrize("package", PARTS)
def test_every_part_is_known(package):
    assert {name.split(".")[1] for name in modules(package) if "." in name} == PARTS[package].keys()


@pytest.mark.parametrize("package", sorted(OURS))
def test_no_import_cycles(package):
    """Lazy imports count: a circle that is hidden in a function is one, too."""
    known = modules(package)
    graph = {
        module: (imports_of(module, path) & known.keys()) - {package, module}
        for module, path in known.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@pytest.mark.parametrize("package", sorted(OURS - {"tests"}))
def test_files_have_at_most_250_lines(package):
    lengths = {
        name: len(path.read_text().splitlines())
        for name, path in modules(package).items()
        if name not in LONG
    }
    assert {name: lines for name, lines in lengths.items() if lines > 250} == {}


def test_imports_are_found():
    assert imported_names("def f():\n    import tensorflow.io\n") == {"tensorflow.io"}
    assert imported_names("from serving.json import x\n") == {"serving.json", "serving.json.x"}
    assert imported_names("from . import y\n", "web") == {"web", "web.y"}
    assert imported_names("from ..a import b\n", "local.running") == {"local.a", "local.a.b"}
