import os
import sys

from color_client import options
from color_client.routes import OPTIONS as COLOR_OPTIONS
from color_client.server import main

from .app import create_app
from .routes import style_options
from .settings import StyleSettings

PURPOSE = f"""\
Color photos, or paint them in the style of another picture, over HTTP. The networks sit behind the
predict URL, where a gateway tells them apart by the header `style: transfer`.

  URL=http://gateway/v1/models/my-model:predict python -m style_client
  curl -F content_image=@photo.jpg localhost:3333/predict -o color.png
  curl -H 'style: transfer' -F content_image=@photo.jpg -F style_image=@wave.jpg \\
      localhost:3333/predict -o style.png

Options of a request for style, as form or query fields:

{options.help_text(style_options())}

Options of a request for color:

{options.help_text(COLOR_OPTIONS)}"""

if __name__ == "__main__":
    program = "python -m style_client"
    sys.exit(main(program, PURPOSE, sys.argv[1:], os.environ, StyleSettings, create_app))
