"""What is typed, and what is seen.

`up`, `files` (render, validate), `inspect` (ls, status, logs, down), `feedback` and `promote` are
the commands; `console` and `table` show what runs, `invitation` says what to do with it. May import
every other room.
"""


class CannotStart(Exception):
    """Something outside must change first; the text says what."""
