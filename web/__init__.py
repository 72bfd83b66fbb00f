"""What all our servers share: the server and its defenses, admission, problems, logs, metrics,
settings from the environment.

Knows nothing of pictures or tensors; imports no other package of ours.
"""

import os

# gunicorn and Flask read these variables, some at import. They are meant for other programs; our
# settings are those in `web.settings`.
_FOR_OTHERS = (
    "FLASK_DEBUG",
    "FORWARDED_ALLOW_IPS",
    "GUNICORN_FD",
    "GUNICORN_PID",
    "SCRIPT_NAME",
    "SENDFILE",
    "WEB_CONCURRENCY",
)
for _name in _FOR_OTHERS:
    os.environ.pop(_name, None)
