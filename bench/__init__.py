"""Measure the service on this machine, everything side by side in one run.

`python -m bench` prints Markdown: what was measured, and for each goal whether it is met. Each part
(`client_part`, `serving_part`, `environment_part`) is a module that knows how to measure one thing;
`report` knows how results look. No other package imports this one.
"""
