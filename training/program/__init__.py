"""A command's manners: flags, exit codes, signals, progress, files that appear whole or not at all.

Imports the standard library alone, so that a wrong flag is refused before TensorFlow is imported.
"""
