"""Measures the service on this machine, everything side by side in one run.

`python -m bench` prints Markdown: what was measured, and for each goal whether it is met.

- `*_part`: one measurement each (client, style, gateway, networks, serving, batching,
  throughput, memory, environment); `*_report`: tables and goals of the longer ones
- `*_process`, `*_server`, `peer/`: what is measured in a process of its own
- `closed_loop`, `question`, `photos`, `cores`: how load is made; `report`: tables, goals, JSON

Servers are started by `local`, as `up` starts them; `serving` is imported where its JSON is
measured, `color_client` where its work is done in one process. Imports `local`, `serving`,
`color_client`, `photo_client` and `pictures`; only `soak` imports this package, for its command
line.
"""
