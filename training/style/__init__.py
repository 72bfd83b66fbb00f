"""Arbitrary style transfer: one compact network that paints any photo like any picture."""
