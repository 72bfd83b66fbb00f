"""Does the service hold up? Real servers on loopback, under what the world may send them.

`python -m soak` prints a table: part by part what was sent, what came back, the memory beside its
limit, and one line for everything that is not as docs/operations.md promises.

- `*_part`: one thing that is provoked each (uploads, load, slow callers, upstream, shutdown)
- `mutations`: uploads by kind and seed, made by `hostile_pictures`, `hostile_forms` and
  `hostile_requests` out of `picture_files`, `http_bytes` and `good_photos`
- `services`, `programs`, `scripted_upstream`: what runs; `memory`, `limits`: what it may take
- `checks`: what is a violation; `report`: what is printed

Servers are started as programs. No other package imports this one.
"""
