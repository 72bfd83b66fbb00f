"""The style transfer network: a style network and a transformer network, in Keras layers alone.

After Ghiasi et al., "Exploring the structure of a real-time, arbitrary neural artistic stylization
network" (2017). The style network (MobileNetV2, Sandler et al. 2018, as in Magenta's mobile model)
turns a picture into 100 numbers; the transformer network repaints a photo, and these numbers set
the scale and shift of every conditional instance normalization in it. The transformer is Magenta's
at half of the full width.

MobileNetV2 stands here without batch normalization: in weights that come from a trained one it is
folded into the convolutions, and the small batches of this training could not feed it.
"""

import keras
from keras import ops

from training.style.recipe import StyleRecipe

STYLE_NUMBERS = 100
STYLE_SIDE = 256  # pixels; the scale at which the style network looks at a picture
STRIDE = 4  # heights and widths of photos are multiples of it
LEAST_SIDE = 16  # pixels; reflection at a quarter of the size needs them
EPSILON = 1e-5  # added to the variance, as in TensorFlow's batch normalization of 2017

# MobileNetV2's table 2: expansion, output channels, repeats, stride of the first.
BOTTLENECKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


@keras.saving.register_keras_serializable("colorway")
class ReflectionPadding(keras.layers.Layer):
    """Mirror `pixels` rows and columns at every border, the outermost not doubled."""

    def __init__(self, pixels: int, **options: object):
        super().__init__(**options)
        self.pixels = pixels

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """[B, H, W, C] -> [B, H + 2 pixels, W + 2 pixels, C]."""
        sides = (self.pixels, self.pixels)
        return ops.pad(x, ((0, 0), sides, sides, (0, 0)), mode="reflect")

    def compute_output_shape(self, shape: tuple) -> tuple:
        """Both sides longer, where they are known."""
        grown = (None if side is None else side + 2 * self.pixels for side in shape[1:3])
        return (shape[0], *grown, shape[3])

    def get_config(self) -> dict:
        """What rebuilds the layer."""
        return {**super().get_config(), "pixels": self.pixels}


@keras.saving.register_keras_serializable("colorway")
class ConditionalInstanceNormalization(keras.layers.Layer):
    """Each channel of each picture to mean 0 and variance 1, then scaled and shifted by its style.

    Dumoulin et al. (2017), with the scale and the shift linear in the style's numbers.
    """

    def build(self, shapes: list[tuple]) -> None:
        """Make the two linear maps for inputs of shapes [B, H, W, C] and [B, N]."""
        channels = shapes[0][-1]
        small = keras.initializers.RandomNormal(stddev=0.02, seed=channels)
        self.scale = keras.layers.Dense(channels, kernel_initializer=small, bias_initializer="ones")
        self.shift = keras.layers.Dense(channels, kernel_initializer=small)
        self.scale.build(shapes[1])
        self.shift.build(shapes[1])

    def call(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        """[x [B, H, W, C], style [B, N]] -> [B, H, W, C]; a style batch of 1 serves all."""
        x, style = inputs
        mean, variance = ops.moments(x, axes=(1, 2), keepdims=True)
        scale = self.scale(style)[:, None, None] * ops.rsqrt(variance + EPSILON)
        return x * scale + (self.shift(style)[:, None, None] - mean * scale)

    def compute_output_shape(self, shapes: list[tuple]) -> tuple:
        """The picture's shape stays."""
        return shapes[0]


def style_network(width: float = 1.0, seed: int = 0) -> keras.Model:
    """A picture, RGB in 0...1, [B, h, w, 3] -> the numbers of its style, [B, 100].

    `width` multiplies MobileNetV2's channels. Trained at h = w = 256.
    """
    seeds = keras.random.SeedGenerator(seed)

    def convolution(
        x: keras.KerasTensor, filters: int, kernel: int = 1, strides: int = 1, relu: bool = True
    ) -> keras.KerasTensor:
        initializer = keras.initializers.HeNormal(seed=seeds)
        x = keras.layers.Conv2D(
            filters, kernel, strides, padding="same", kernel_initializer=initializer
        )(x)
        return keras.layers.ReLU(6.0)(x) if relu else x

    def channels(count: int) -> int:
        return max(8, int(count * width))

    picture = keras.Input((None, None, 3), name="style")
    x = convolution(picture, channels(32), 3, strides=2)
    for expansion, filters, repeats, stride in BOTTLENECKS:
        for repeat in range(repeats):
            block = x
            if expansion > 1:
                x = convolution(x, expansion * x.shape[-1])
            # Keras counts all channels as a depthwise kernel's inputs; there is one.
            initializer = keras.initializers.RandomNormal(stddev=(2 / 9) ** 0.5, seed=seeds)
            strides = stride if repeat == 0 else 1
            x = keras.layers.DepthwiseConv2D(
                3, strides, padding="same", depthwise_initializer=initializer
            )(x)
            x = keras.layers.ReLU(6.0)(x)
            x = convolution(x, channels(filters), relu=False)
            if repeat:
                x = keras.layers.Add()([block, x])
    x = convolution(x, max(channels(1280), 16))
    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(x)
    numbers = keras.layers.Dense(
        STYLE_NUMBERS,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seeds),
        name="style_numbers",
    )(pooled)
    return keras.Model(picture, numbers, name="style_network")


def transformer(width: int = 16, blocks: int = 5, seed: int = 0) -> keras.Model:
    """A photo, RGB in 0...1, [B, H, W, 3], and a style [B, 100] -> the picture, [B, H, W, 3].

    H and W are multiples of 4, and at least 16. `width` is the number of channels at full
    resolution, four times as many at a quarter, where the residual `blocks` are.
    """
    seeds = keras.random.SeedGenerator(seed)

    def convolution(
        x: keras.KerasTensor, filters: int, kernel: int = 3, strides: int = 1
    ) -> keras.KerasTensor:
        x = ReflectionPadding(kernel // 2)(x)
        initializer = keras.initializers.HeNormal(seed=seeds)
        return keras.layers.Conv2D(filters, kernel, strides, kernel_initializer=initializer)(x)

    def styled(x: keras.KerasTensor) -> keras.KerasTensor:
        return ConditionalInstanceNormalization()([x, style])

    photo = keras.Input((None, None, 3), name="content")
    style = keras.Input((STYLE_NUMBERS,), name="style")
    relu = ops.relu
    x = relu(convolution(photo, width, 9))
    x = relu(convolution(x, 2 * width, strides=2))
    x = relu(convolution(x, 4 * width, strides=2))
    for _ in range(blocks):
        y = relu(styled(convolution(x, 4 * width)))
        x = keras.layers.Add()([x, styled(convolution(y, 4 * width))])
    for filters in (2 * width, width):
        x = keras.layers.UpSampling2D(2, interpolation="nearest")(x)
        x = relu(styled(convolution(x, filters)))
    x = styled(convolution(x, 3, 9))
    return keras.Model([photo, style], ops.sigmoid(x), name="transformer")


def stylizer(recipe: StyleRecipe) -> tuple[keras.Model, keras.Model]:
    """The style network and the transformer of `recipe`."""
    return (
        style_network(recipe.style_width, recipe.seed),
        transformer(recipe.width, recipe.blocks, recipe.seed),
    )
