"""Does the service hold up? Real servers on loopback, under what the world may send them.

`python -m soak` prints a table: part by part what was sent, what came back, the memory beside its
limit, and one line for everything that is not as docs/operations.md promises. Each part is a module
that provokes one thing; `checks` knows what is a violation. No other package imports this one.
"""
