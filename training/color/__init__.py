"""The color network: recipes, networks, loss, batches, evaluation, export, and the command.

May import `photos`, `loop`, `publishing` and `program`, and nothing of `style`.
"""
