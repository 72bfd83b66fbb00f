"""Measures the service on this machine; what is compared takes turns in one run.

`python -m bench` prints Markdown: what was measured, and for each goal whether it is met.

- `*_part`: one measurement each (client, style, gateway, networks, serving, batching, throughput,
  memory, environment); `*_report`: tables and goals of the longer ones
- `*_process`, `*_server`, `peer/`: programs that are measured in a process of their own
- `closed_loop`, `predict_request`, `photos`, `cores`: the load; `report`: tables, goals, JSON

`local` starts the servers, as `up` does; the rest is imported and measured in process.
Imports `local`, `serving`, `pictures`, `photo_client` and `color_client`; only `soak` imports this
package, for its command line.
"""
