"""Reading Applications: from YAML files to checked values, every fault with its place.

`types` has the components, traits and policies, `source` the YAML with its lines, `load` makes
`loaded` Applications of both, `validate` finds what does not fit together. Knows nothing of
programs, Envoy or manifests; of `local` it may import only `ports` and `model_folder`.
"""
