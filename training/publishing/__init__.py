"""Versions under an export root: claimed, written whole, found again (docs/design.md, contract 1).

May import `loop` and `program`.
"""
