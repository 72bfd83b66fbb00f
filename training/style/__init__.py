"""Arbitrary style transfer: one compact network that paints any photo like any picture.

Also publishes Magenta's model from TensorFlow Hub, with our signatures. May import `photos`,
`loop`, `publishing` and `program`, and nothing of `color`.
"""
