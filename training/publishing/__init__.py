"""Versions under an export root: claimed, written whole, found again (docs/design.md, contract 1).

May import the rooms `loop` and `program`.
"""
