"""The predict URL of what `python -m local up` runs in this folder, read from its state.

`.local/state.json` is a list of objects, one for each component; of a client that runs `phase` is
"running", `module` the program's name, and `url` its predict URL.
"""

import json
from pathlib import Path

from .settings import predict_url

STATE = Path(".local") / "state.json"


def predict_url_of(program: str, state: Path = STATE) -> str | None:
    """The predict URL that the running client `program` uses, or else another client's; None if no
    client is running.
    """
    try:
        rows = json.loads(state.read_bytes())
        found = {
            row["module"]: predict_url(row["url"])
            for row in reversed(rows)
            if row.get("module") and row.get("url") and row.get("phase") == "running"
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return found.get(program) or next(iter(found.values()), None)
