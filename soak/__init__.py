"""The robustness test: real servers on loopback, under hostile and excessive load.

`python -m soak` prints a table: for each part, what was sent, what came back, and the memory with
its limit; then one line for each broken promise of docs/operations.md.

- `*_part`: one kind of stress each (uploads, load, slow callers, upstream, shutdown)
- `mutations`: uploads by kind and seed, made by `hostile_pictures`, `hostile_forms` and
  `hostile_requests` from `picture_files`, `http_bytes` and `good_photos`
- `services`, `programs`, `scripted_upstream`: the servers under test and around it; `memory`,
  `limits`: the memory that they take, and what they may
- `checks`: finds violations; `report`: what is printed

Servers are started as programs. Imports `local` and `bench`; no other package imports this one.
"""
