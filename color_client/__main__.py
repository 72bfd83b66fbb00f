import os
import sys

from colorway import run
from photo_client import cli
from photo_client.metadata_option import METADATA
from web import options

from . import coloring
from .app import create_app
from .hint_option import read_hints
from .routes import OPTIONS, VIVIDNESS
from .settings import Settings

PURPOSE = f"""\
Color black-and-white photos over HTTP, with the network behind the predict URL.

  URL=http://localhost:8501/v1/models/my-model:predict python -m color_client
  curl -F content_image=@photo.jpg localhost:3333/predict -o color.png

Options of a request, as form or query fields; vividness and metadata are flags, too:

{options.help_text(OPTIONS)}"""

CLIENT = cli.Client(
    program="python -m color_client",
    purpose=PURPOSE,
    settings_class=Settings,
    create_app=create_app,
    options=lambda settings: (VIVIDNESS, METADATA),
    stamp_settings=lambda arguments: {VIVIDNESS.name: arguments[VIVIDNESS.name]},
    read_hints=read_hints,
    maker=coloring.maker,
)


def main() -> int:
    return cli.main(CLIENT, sys.argv[1:], os.environ)


if __name__ == "__main__":
    sys.exit(run(main))
