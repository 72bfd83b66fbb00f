"""Reads Applications: from YAML files to checked values, each error with its line.

`types` has the components, traits and policies, `source` the YAML with its lines; `load` makes
`loaded` Applications of both; `validate` reports what does not fit together. Knows nothing of
programs, Envoy or manifests. May import `ports` and `model_folder`.
"""
