"""Picture files and pixels: decode, encode, metadata, CIE L*a*b*, PNG. No HTTP, no network;
imports no other package of ours.
"""
