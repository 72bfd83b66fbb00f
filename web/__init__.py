"""How any service of ours serves: the server and its defenses, admission, problems, logs,
metrics, settings from the environment. Knows nothing of pictures or tensors; imports no other
package of ours.
"""

import os

# What gunicorn and Flask would take from the environment by themselves, some of it while they are
# imported; it is there for other programs. What ours can be told is in `web.settings`.
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
