"""The subcommands of `python -m local`, and what they print.

`up` (and diff), `files` (render, validate), `inspect` (ls, status, logs, down), `feedback` and
`promote` are the commands; `console` and `table` show what runs, `usage_text` prints how to use it.
May import everything in `local` below the command line.
"""
