"""The network that knows what it sees, L* -> a*b*: a pretrained encoder, a light decoder.

A U-Net (Ronneberger et al. 2015) whose encoder is an EfficientNet-Lite with ImageNet weights, as
colorization is mostly knowing that this is grass and that a face. What ImageNet's classifier would
pool is pooled too and added to every place at the deepest level (the global features of Iizuka et
al. 2016). The decoder stops at a quarter of the resolution: the photo's own L* carries every edge
that the eye follows, and a*b* kept at a quarter costs nothing (42.5 dB of 43 possible).

Written in Keras layers alone, so that it trains on any Keras backend.
"""

from collections.abc import Sequence
from functools import partial

import keras

from training.color import layers
from training.color.encoder import efficientnet_lite


def semantic_network(
    variant: int = 2, widths: Sequence[int] = (192, 192, 128, 96), seed: int = 0
) -> keras.Model:
    """The network: L* in 0...100, [B, H, W, 1] -> a*, b* divided by 128, [B, H/4, W/4, 2].

    H and W are multiples of 32. `variant` is the EfficientNet-Lite's number; `widths` are the
    decoder's channels at strides 32, 16, 8 and 4.
    """
    seeds = keras.random.SeedGenerator(seed)
    convolution = partial(layers.convolution, seeds)
    lightness, scaled = layers.lightness_input()
    features = efficientnet_lite(scaled, variant)
    scene = keras.layers.GlobalAveragePooling2D(keepdims=True)(features["head"])
    scene = keras.layers.Conv2D(
        widths[0],
        1,
        kernel_initializer=keras.initializers.HeNormal(seed=seeds),
        name="decoder_scene",
    )(scene)
    x = convolution(features[32], widths[0], 1, "decoder_32")
    x = keras.layers.Add()([x, scene])
    for stride, filters in zip((16, 8, 4), widths[1:], strict=True):
        x = layers.UpConvolution(filters, seeds, name=f"decoder_{stride}")([x, features[stride]])
    x = convolution(x, widths[-1], 3, "decoder_last")
    return keras.Model(lightness, layers.color_output(x), name="semantic")
