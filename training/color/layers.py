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


def color_output(x: keras.KerasTensor) -> keras.KerasTensor:
    """a*, b* divided by 128 [B, H, W, 2]."""
    # Starts gray: the first steps then learn color instead of unlearning noise.
    return keras.layers.Conv2D(
        2, 3, padding="same", kernel_initializer="zeros", dtype="float32", name="ab"
    )(x)
