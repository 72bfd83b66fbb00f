"""Runs Applications on this machine.

`planner` makes a `plan` of Applications: model copies, programs, ports, order. `runner` starts it
and keeps it running; `change` applies another plan. `program` is one child process; `guard` ends it
if the runner dies. `state` is the folder that other terminals read. May import `applications`,
`gateway`, `errors`, `ports`, `addresses`, `model_folder` and `shipped_models`.
"""
