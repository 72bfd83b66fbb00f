"""Measure the service on this machine, everything side by side in one run.

`python -m bench` prints Markdown: what was measured, and for each goal whether it is met.

- `*_part`: one thing each (client, style, gateway, networks, serving, environment); `*_report` says
  how the results of a long one are shown
- `*_process`, `*_server`, `peer/`: what is measured in a process of its own
- `closed_loop`, `question`, `photos`, `cores`: how it is asked; `report`: what results look like

Servers are started by `local`, as `up` starts them; `serving` is imported where its JSON is
measured. No other package imports this one but `soak`, for its command line.
"""
