"""Arbitrary style transfer: one compact network that paints any photo like any picture.

Also Magenta's model from TensorFlow Hub, published with our signatures. May import the rooms
`photos`, `loop`, `publishing` and `program`, and nothing of `color`.
"""
