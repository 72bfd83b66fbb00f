"""KubeVela Applications on one machine, without Kubernetes.

Rooms, each with what it may import in its own words, which tests/test_boundaries.py holds:
`applications` reads them, `gateway` has their routes, `running` runs them, `rendering` writes them
for a cluster, `commands` is what is typed and seen. `ports`, `addresses`, `model_folder` and
`shipped_models` need nothing of ours. The other packages of this repository are started as
programs, never imported.
"""
