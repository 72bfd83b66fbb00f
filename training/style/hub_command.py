"""Command line of `python -m training hub`; TensorFlow is imported once the flags are right."""

import hashlib
from pathlib import Path

from training.loop.keras_setup import import_keras
from training.program.flags import Parser, add_place_flags
from training.program.quiet import held_standard_error
from training.publishing.publish import claim, publish
from training.publishing.report import tell_nothing_to_do, tell_published

HANDLE = "https://tfhub.dev/google/magenta/arbitrary-image-stylization-v1-256/2"

DESCRIPTION = """\
Publish Magenta's style transfer model from TensorFlow Hub, with the signature `packed` added.

  python -m training hub --export-root /model
  python -m training hub unpacked-model/ --export-root models/hub

Downloads are kept in the folder that TFHUB_CACHE_DIR names.
"""


def parser() -> Parser:
    """The flags."""
    made = Parser("python -m training hub", DESCRIPTION)
    made.add_argument(
        "source",
        nargs="?",
        default=HANDLE,
        metavar="HANDLE_OR_FOLDER",
        help="a model with this interface: a handle, or an unpacked folder (default: %(default)s)",
    )
    add_place_flags(made)
    return made


def main(arguments: list[str]) -> int:
    """Run the command and return the exit code, one of those of `python -m training`."""
    options = parser().parse_args(arguments)
    fingerprint = hashlib.sha256(f"hub {options.source}".encode()).hexdigest()[:16]
    place, published = claim(options.export_root, options.version, fingerprint)
    if published:
        tell_nothing_to_do(place)
        return 0
    import_keras()
    with held_standard_error():  # TensorFlow is imported here
        from training.loop import backend
        from training.style import hub
        from training.style.export import write_saved_model
    backend.start()

    print(f"resolving {options.source}", flush=True)
    painter = hub.HubPainter(hub.resolve(options.source))

    def fill(folder: Path) -> dict:
        write_saved_model(folder / str(place.version), painter, f"style/v{place.version}")
        # A handle names the model anywhere; a folder only here.
        is_handle = "://" in options.source
        return {"source": options.source if is_handle else Path(options.source).name}

    publish(place, fingerprint, fill)
    tell_published(place)
    return 0
