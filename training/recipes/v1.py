"""v1: the article's network, small and all-convolutional, trained from scratch on a CPU."""

from training.recipe import Recipe

RECIPE = Recipe(
    name="v1",
    width=128,  # 3.2 M parameters, 10 GFLOPs (2 x MAC) and 24 ms at 256x256 on two cores
    dilations=(1, 2, 4, 8),  # sees 240 pixels around: a whole scene at the working size
    photo_side=144,  # the training photos' own size
    crop_side=112,  # 50 crops a second on two cores; 128 gives 45
    zoom=(0.55, 1.0),  # crops of 79 to 144 pixels: sharp and soft, near and far
    validation_share=0.05,
    validation_photos=480,
    samples=160_000,  # about an hour on two cores, and three looks at each of 48 thousand photos
    samples_per_epoch=8_000,
    batch_size=32,  # larger batches are no faster on two cores and take fewer steps
    learning_rate=1e-3,  # the usual peak of AdamW for convolutions of this size
    warmup_share=0.05,
    weight_decay=0.05,
    clip_norm=1.0,
    ema=0.998,  # averages the last 500 steps
    huber_delta=0.5,  # 55 units of a*b*: only the rare vivid pixel counts linearly
    chroma_gain=1.0,
    seed=1,
)
