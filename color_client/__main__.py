import os
import sys

from . import options
from .app import create_app
from .routes import OPTIONS
from .server import main
from .settings import Settings

PURPOSE = f"""\
Color black-and-white photos over HTTP. The network sits behind the predict URL.

  URL=http://localhost:8501/v1/models/my-model:predict python -m color_client
  curl -F content_image=@photo.jpg localhost:3333/predict -o color.png

Options of a request, as form or query fields:

{options.help_text(OPTIONS)}"""

if __name__ == "__main__":
    program = "python -m color_client"
    sys.exit(main(program, PURPOSE, sys.argv[1:], os.environ, Settings, create_app))
