"""Picture files and pixels: decode, encode, metadata, CIE L*a*b*, PNG, color hints.

Knows nothing of HTTP or networks; imports no other package of ours.
"""
