"""Which networks a recipe can name, and how each is built."""

import keras

from training.color import encoder
from training.color.all_convolution import all_convolution
from training.color.recipe import STRIDES, Recipe
from training.color.semantic_network import semantic_network
from training.loop.backend import use_precision


def build(recipe: Recipe, precision: str = "float32") -> keras.Model:
    """The network of `recipe`: L* in 0...100, [B, H, W, 1] -> a*b*/128, [B, H/4, W/4, 2].

    H and W are multiples of `stride(network)`. It computes in `precision` (`use_precision`). Raises
    EncoderError where pretrained weights are asked for and not installed.
    """
    use_precision(precision)
    try:
        return _build(recipe)
    finally:
        use_precision("float32")


def _build(recipe: Recipe) -> keras.Model:
    if recipe.network == "all_convolution":
        return all_convolution(recipe.width, recipe.dilations, recipe.seed)
    built = semantic_network(recipe.encoder, recipe.decoder, recipe.seed)
    if recipe.pretrained:
        encoder.load_imagenet(built, recipe.encoder)
    encoder.freeze(built, recipe.frozen_blocks)
    return built


def stride(built: keras.Model) -> int:
    """What heights and widths must be multiples of."""
    return STRIDES[built.name]
