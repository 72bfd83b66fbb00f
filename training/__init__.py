"""Trains networks that color photographs or paint them: photos in, versioned SavedModels out.

`color` and `style` are what is trained; below them is what both use:

- `program`: behavior of a command (flags, exit codes, signals, progress, files written whole)
- `photos`: photographs from folders, zip files and URLs, as arrays
- `loop`: the training loop, its checkpoints, workers and journal
- `publishing`: versions under an export root

`cli` is on top. Each subpackage's docstring says what it may import. Imports `pictures`.
"""
