"""v2"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="v2",
    network="semantic",
    width=1,  # unused
    dilations=(),
    encoder=2,
    decoder=(192, 192, 128, 96),
    pretrained=True,
    frozen_blocks=3,
    encoder_rate=0.25,
    photo_side=144,
    crop_side=128,
    zoom=(0.5, 1.0),
    validation_share=0.05,
    validation_photos=480,
    samples=224_000,
    samples_per_epoch=8_000,
    batch_size=32,
    learning_rate=1e-3,
    warmup_share=0.05,
    weight_decay=0.05,
    clip_norm=1.0,
    ema=0.998,
    huber_delta=0.5,
    psnr_share=0.5,
    scales=(1.0,),
    chroma_gain=1.0,
    seed=2,
)
