"""KubeVela Applications on one machine, without Kubernetes.

`cli` reads the command line, `commands` does what it says. `source` and `load` read Applications
(`applications` has their types, `images` what an image is), `validate` finds what is wrong.
`plan` turns them into programs, copies (`volumes`, `shipped_models`) and routes (`routes`,
`envoy`); `runner` keeps these running, `program` runs one of them, `guard` sees to it that none
outlives us. `state` is the folder that other terminals read; `console`, `table` and `logs` are what
people see. The other packages of this repository are started as programs, never imported.
"""
