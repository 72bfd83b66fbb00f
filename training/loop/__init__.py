"""The training loop, for any Keras model on any backend: checkpoints, workers, journal.

Knows nothing of photos or of what is trained. May import `program`.
"""
