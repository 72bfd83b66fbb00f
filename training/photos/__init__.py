"""Photographs: found, downloaded, decoded, cached, cropped and shown, as NumPy arrays.

Knows nothing of networks. May import `program`.
"""
