"""Command line of `python -m training hub`; TensorFlow is imported once the flags are right."""

import hashlib
from pathlib import Path

from training.loop.keras_setup import import_keras
from training.program.flags import Parser, add_place_flags
from training.program.quiet import hold_standard_error
from training.publishing.publish import publish, reserve_version
from training.publishing.report import print_already_published, print_published

HANDLE = "https://tfhub.dev/google/magenta/arbitrary-image-stylization-v1-256/2"

DESCRIPTION = """\
Publish Magenta's style transfer model from TensorFlow Hub, with the signature `packed` added.

  python -m training hub --export-root /model
  python -m training hub unpacked-model/ --export-root models/hub

Downloads are kept in the folder that TFHUB_CACHE_DIR names.
"""


def parser() -> Parser:
    """The flags."""
    result = Parser("python -m training hub", DESCRIPTION)
    result.add_argument(
        "source",
        nargs="?",
        default=HANDLE,
        metavar="HANDLE_OR_FOLDER",
        help="a model with this interface: a handle, or an unpacked folder (default: %(default)s)",
    )
    add_place_flags(result)
    return result


def main(arguments: list[str]) -> int:
    """Run the command and return the exit code, one of those of `python -m training`."""
    options = parser().parse_args(arguments)
    fingerprint = hashlib.sha256(f"hub {options.source}".encode()).hexdigest()[:16]
    target, published = reserve_version(options.export_root, options.version, fingerprint)
    if published:
        print_already_published(target)
        return 0
    import_keras()
    with hold_standard_error():  # TensorFlow is imported here
        from training.loop import backend
        from training.style import hub
        from training.style.export import write_saved_model
    backend.initialize()

    print(f"resolving {options.source}", flush=True)
    painter = hub.HubPainter(hub.resolve(options.source))

    def fill(folder: Path) -> dict:
        write_saved_model(folder / str(target.version), painter, f"style/v{target.version}")
        # A handle names the model anywhere; a folder only here.
        is_handle = "://" in options.source
        return {"source": options.source if is_handle else Path(options.source).name}

    publish(target, fingerprint, fill)
    print_published(target)
    return 0
