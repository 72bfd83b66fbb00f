"""Behavior of a command: flags, exit codes, signals, progress, files written whole or not at all.

Imports the standard library alone, so that a wrong flag is refused before TensorFlow is imported.
"""
