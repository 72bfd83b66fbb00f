"""Running Applications on this machine.

`planner` makes a `plan` of Applications: copies, programs, ports, order. `runner` keeps it running;
`program` is one child process, `guard` sees to it that none outlives us. `state` is the folder that
other terminals read. May import `applications` and `gateway`.
"""
