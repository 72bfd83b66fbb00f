"""Who may import whom (docs/design.md). Read from the source, so that lazy imports count too."""

import ast
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
