"""Measures the service on this machine, everything side by side in one run.

`python -m bench` prints Markdown: what was measured, and for each goal whether it is met.

- `*_part`: one measurement each (client, style, gateway, networks, serving, memory, environment);
  `*_report`: tables and goals of the longer ones
- `*_process`, `*_server`, `peer/`: what is measured in a process of its own
- `closed_loop`, `question`, `photos`, `cores`: how load is made; `report`: tables, goals, JSON

Servers are started by `local`, as `up` starts them; the rest is imported to measure it in process.
Imports `local`, `serving`, `pictures`, `photo_client` and `color_client`; only `soak` imports this
package, for its command line.
"""
