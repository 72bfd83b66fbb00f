"""v1: the article's network, small and all-convolutional, trained from scratch on a CPU.

Data: 45,803 photos of 144x144 pixels (models/color/v1/README.md names the collections). Hardware
and time: 2 CPU cores, shared with other work, 88 minutes. On 320 photos of BSDS500 at 256x256:
22.30 dB PSNR at a colorfulness of 28.0 (the truth has 41.0).

    python -m training --recipe v1 --version 1 --data photos-0.zip ... photos-5.zip
"""

from training.color.recipe import Recipe

RECIPE = Recipe(
    name="v1",
    network="all_convolution",
    width=128,  # 3.2 M parameters, 10 GFLOPs (2 x MAC) and 24 ms at 256x256 on two cores
    dilations=(1, 2, 4, 8),  # sees 240 pixels around: a whole scene at the working size
    encoder=0,  # none: nothing here is pretrained
    decoder=(),
    pretrained=False,
    frozen_blocks=0,
    encoder_rate=1.0,
    photo_side=144,  # the training photos' own size
    crop_side=112,  # 50 crops a second on two cores; 128 gives 45
    zoom=(0.55, 1.0),  # crops of 79 to 144 pixels: sharp and soft, near and far
    shares=(),
    min_colorfulness=0.0,  # every photo that has color
    validation_share=0.05,
    validation_photos=480,
    samples=160_000,  # an hour on two idle cores, three looks at each photo
    samples_per_epoch=8_000,
    batch_size=32,  # larger batches are no faster on two cores and take fewer steps
    learning_rate=1e-3,  # the usual peak of AdamW for convolutions of this size
    warmup_share=0.05,
    weight_decay=0.05,
    clip_norm=1.0,
    ema=0.998,  # averages the last 500 steps
    patience=0,  # a cosine that is cut short was for nothing
    precision="auto",
    huber_delta=0.5,  # 55 units of a*b*: only the rare vivid pixel counts linearly
    psnr_share=0.0,
    picture_weight=0.0,
    vividness=0.0,
    red_caution=0.0,
    start_share=0.0,  # from scratch there is nothing to keep
    scale=1.0,
    chroma_gain=1.0,
    seed=1,
)
