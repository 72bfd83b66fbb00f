"""Settings of a client that a cluster has of a Secret or a database, and this machine by itself."""

from .types import EnvironmentVariable

_DATABASE = "choices are kept in SQLite, in the state folder"
_OWN = {
    "FEEDBACK_DB": _DATABASE,
    "PGPASSWORD": _DATABASE,
    "SECRET_KEY": "a key of the state folder takes its place",
}


def replaced_here(variable: EnvironmentVariable) -> str:
    """What this machine has in the variable's place, in words; empty where it is taken as it is."""
    if variable.valueFrom is not None:
        return _OWN.get(variable.name, "")
    named = variable.name == "FEEDBACK_DB" and (variable.value or "").startswith("postgres")
    return f"PostgreSQL is not run here: {_DATABASE}" if named else ""
