"""Client settings that a cluster takes from a Secret or a database, and this machine provides
itself.
"""

from .types import EnvironmentVariable

_DATABASE = "choices are kept in SQLite, in the state folder"
_OWN = {
    "FEEDBACK_DB": _DATABASE,
    "PGPASSWORD": _DATABASE,
    "SECRET_KEY": "a key of the state folder takes its place",
}


def replacement(variable: EnvironmentVariable) -> str:
    """What this machine provides instead of the variable's value, in words; empty if the value is
    used.
    """
    if variable.valueFrom is not None:
        return _OWN.get(variable.name, "")
    named = variable.name == "FEEDBACK_DB" and (variable.value or "").startswith("postgres")
    return f"PostgreSQL is not run here: {_DATABASE}" if named else ""
