import os
import sys

import colorway
from color_client.hint_option import read_hints
from color_client.routes import OPTIONS as COLOR_OPTIONS
from color_client.routes import VIVIDNESS
from photo_client import cli
from photo_client.metadata_option import METADATA
from web import options

from .app import create_app
from .batch import maker, stamp_settings
from .routes import style_options
from .settings import StyleSettings

PURPOSE = f"""\
Color photos, or paint them in the style of another picture, over HTTP, with the networks behind the
predict URL. A gateway there selects the network by the header `style: transfer`.

  URL=http://gateway/v1/models/my-model:predict python -m style_client
  curl -F content_image=@photo.jpg localhost:3333/predict -o color.png
  curl -H 'style: transfer' -F content_image=@photo.jpg -F style_image=@wave.jpg \\
      localhost:3333/predict -o style.png

Options of a request for style, as form or query fields, or as flags (preserve_color is
--preserve-color):

{options.help_text(style_options())}

Options of a request for color:

{options.help_text(COLOR_OPTIONS)}"""

CLIENT = cli.Client(
    program="python -m style_client",
    purpose=PURPOSE,
    settings_class=StyleSettings,
    create_app=create_app,
    options=lambda settings: (*style_options(settings.max_side), VIVIDNESS, METADATA),
    read_hints=read_hints,
    maker=maker,
    stamp_settings=stamp_settings,
    extra_arguments=(
        (
            "--style",
            "PICTURE",
            "Paint the photos in the style of this picture; without it they are colored.",
        ),
    ),
)


def main() -> int:
    return cli.main(CLIENT, sys.argv[1:], os.environ)


if __name__ == "__main__":
    sys.exit(colorway.run(main))
