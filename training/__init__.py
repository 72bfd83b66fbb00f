"""Networks that color photographs: photos in, SavedModels in versioned folders out.

One room for each thing that is trained, `color` and `style`, and below them what both use:

- `program`: a command's manners (flags, exit codes, signals, progress, files written whole)
- `photos`: photographs from folders, zip files and URLs to arrays
- `loop`: the training loop, its checkpoints, workers and journal
- `publishing`: versions under an export root

`cli` stands on top. Each room's docstring says what it may import; tests/test_boundaries.py checks.
"""
