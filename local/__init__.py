"""KubeVela Applications on one machine, without Kubernetes.

- `applications` reads and validates them
- `gateway` has their routes, and Envoy's configuration
- `running` runs them; `rendering` writes them for Kubernetes and Compose
- `promotion` decides when a predictor gets more traffic
- `commands` are the subcommands of `python -m local`
- `errors`, `ports`, `addresses`, `model_folder` and `shipped_models` are what several need

Each subpackage's docstring says what it may import. The other packages of this repository are
started as programs, never imported.
"""
