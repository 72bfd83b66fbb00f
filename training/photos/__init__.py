"""Photographs: found, downloaded, decoded, kept, cropped, and looked at, as NumPy arrays.

Knows nothing of networks. May import the room `program`.
"""
