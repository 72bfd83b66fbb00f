"""Which networks a recipe can name, and how each is built."""

import keras

from training import encoder, network, semantic_network
from training.recipe import STRIDES, Recipe


def build(recipe: Recipe) -> keras.Model:
    """The network of `recipe`: L* in 0...100, [B, H, W, 1] -> a*b*/128, [B, H/4, W/4, 2].

    H and W are multiples of `stride(network)`. Raises EncoderError where pretrained weights are
    asked for and not installed.
    """
    if recipe.network == "all_convolution":
        return network.all_convolution(recipe.width, recipe.dilations, recipe.seed)
    built = semantic_network.semantic_network(recipe.encoder, recipe.decoder, recipe.seed)
    if recipe.pretrained:
        encoder.load_imagenet(built, recipe.encoder)
    encoder.freeze(built, recipe.frozen_blocks)
    return built


def stride(built: keras.Model) -> int:
    """What heights and widths must be multiples of."""
    return STRIDES[built.name]
