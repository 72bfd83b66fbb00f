"""The small all-convolutional network, L* -> a*b*.

After Wallner, "Coloring greyscale images" (2017), alpha and beta: strided convolutions down to an
eighth, a few wide layers there, and up again. Two things are newer, and cheap: the wide layers are
dilated and residual (Zhang et al. 2016 dilate for the same reason: what colors a pixel is what
surrounds it), and color is predicted at a quarter of the resolution, since the photo's own L*
carries every edge that the eye follows.

Written in Keras layers alone, so that it trains on any Keras backend.
"""

from collections.abc import Sequence
from functools import partial

import keras

from training.color import layers

COLOR_STRIDE = 4  # one predicted color for 4x4 pixels


def all_convolution(
    width: int = 128, dilations: Sequence[int] = (1, 2, 4, 8), seed: int = 0
) -> keras.Model:
    """The network: L* in 0...100, [B, H, W, 1] -> a*, b* divided by 128, [B, H/4, W/4, 2].

    H and W are multiples of 8. `width` is the number of channels at a quarter of the resolution,
    twice as many at an eighth, where one residual layer stands for each of `dilations`.
    """
    convolution = partial(layers.convolution, keras.random.SeedGenerator(seed))
    lightness, x = layers.lightness_input()
    x = convolution(x, width // 2, strides=2)
    x = convolution(x, width, strides=2)
    x = quarter = convolution(x, width)
    x = convolution(x, 2 * width, strides=2)
    for dilation in dilations:
        x = keras.layers.Add()([x, convolution(x, 2 * width, dilation_rate=dilation)])
    x = convolution(x, width, 1)
    x = keras.layers.UpSampling2D(2, interpolation="nearest")(x)
    x = keras.layers.Add()([x, quarter])
    x = convolution(x, width)
    x = convolution(x, width)
    return keras.Model(lightness, layers.color_output(x), name="all_convolution")
