"""The layers that both color networks share: input, convolution, output.

L* and color are float32, whatever precision the layers between compute in.
"""

import keras


def lightness_input() -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """The input, L* in 0...100 [B, H, W, 1], and the same in -1...1."""
    lightness = keras.Input((None, None, 1), name="input_1")
    return lightness, keras.layers.Rescaling(1 / 50.0, offset=-1.0, dtype="float32")(lightness)


def convolution(
    seeds: keras.random.SeedGenerator,
    x: keras.KerasTensor,
    filters: int,
    kernel: int = 3,
    name: str | None = None,
    **options: int,
) -> keras.KerasTensor:
    """A convolution with ReLU; the weights are initialized as in He et al. (2015)."""
    return keras.layers.Conv2D(
        filters,
        kernel,
        padding="same",
        activation="relu",
        kernel_initializer=keras.initializers.HeNormal(seed=seeds),
        name=name,
        **options,
    )(x)


class UpConvolution(keras.layers.Layer):
    """A 3x3 convolution with ReLU of a coarse picture, doubled in size, beside a fine one.

    What UpSampling2D (nearest), Concatenate and `convolution` compute, from the same weights: of a
    doubled picture 3x3 pixels are 2x2 different ones, so that 4 multiplications do the work of 9.
    """

    def __init__(self, filters: int, seeds: keras.random.SeedGenerator, **options: str):
        super().__init__(**options)
        self.filters = filters
        self._initializer = keras.initializers.HeNormal(seed=seeds)

    def build(self, shapes: list[tuple[int | None, ...]]) -> None:
        """Make the weights, those of a Conv2D."""
        channels = sum(shape[-1] or 0 for shape in shapes)
        self.kernel = self.add_weight(
            name="kernel", shape=(3, 3, channels, self.filters), initializer=self._initializer
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, pictures: list[keras.KerasTensor]) -> keras.KerasTensor:
        """[B, H, W, C] and [B, 2H, 2W, D] -> [B, 2H, 2W, filters]."""
        coarse, fine = pictures
        ops, channels = keras.ops, coarse.shape[-1]
        kernel = ops.convert_to_tensor(self.kernel)
        x = ops.conv(fine, kernel[:, :, channels:], padding="same") + self.bias
        doubling = ops.transpose(kernel[:, :, :channels], (0, 1, 3, 2))
        for axis in (0, 1):
            doubling = _doubling(doubling, axis)
        return ops.relu(x + ops.conv_transpose(coarse, doubling, strides=2, padding="same"))


def _doubling(kernel: keras.KerasTensor, axis: int) -> keras.KerasTensor:
    """That of the transposed convolution with stride 2, along one axis: 3 numbers make 4."""
    first, middle, last = keras.ops.unstack(kernel, axis=axis)
    return keras.ops.stack([last, middle + last, first + middle, first], axis=axis)


def color_output(x: keras.KerasTensor) -> keras.KerasTensor:
    """a*, b* divided by 128 [B, H, W, 2]."""
    # Starts gray: the first steps then learn color instead of unlearning noise.
    return keras.layers.Conv2D(
        2, 3, padding="same", kernel_initializer="zeros", dtype="float32", name="ab"
    )(x)
