r"""v2: colors that hold up, from an encoder that knows ImageNet.

Data: 45,803 photos of 144x144 pixels, then 32,448 and 44,936, those of more kinds at 192x192
(models/color/v2/README.md names the collections). Hardware: 2 CPU cores; time: 79 min, 3 h 54 min
(shared with other work), 36 min, 36 min, 94 min, 99 min, 96 min, 68 min. That card shows what it
gives. Eight runs, each from the weights of the one before; the values below are the first's, the
script has the others':

    sh training/color/train_v2.sh RUNS_FOLDER photos-0.zip photos-1.zip ...

1. What color is, from ImageNet's features.
2. More of it, and the mean with the first.
3. What the picture is worth, in larger crops and without dull photos, which are bluish and taught
   it to be so: 0.2 dB better at equal colorfulness.
4. The same again with another seed, and the mean with the third: 0.04 dB better on held-back
   photos.
5. Larger photos of more kinds (sports, street fashion, cars, food, crowds): 0.34 dB better on
   held-back ones.
6. The same again with another seed: 0.09 dB better. From its middle on, its validation photos
   gained no more.
7. 45,000 photos of the same kinds, and the mean with the sixth: 0.06 dB, within chance. Six looks
   of three runs, averaged, are 0.11 dB better than one: more time does not help. A larger network
   or photos of other kinds would.
8. Red that is not there costs more (`red_caution`): as good in dB, with half as many visible
   faults, most of which were red, pink or violet patches. A tenth of run 7 keeps more true red.
"""

from training.color.recipe import Recipe

RECIPE = Recipe(
    name="v2",
    network="semantic",
    encoder=2,  # Lite2: names more gray photos than Lite0, and 25 MB have room for it
    decoder=(192, 192, 128, 96),  # light: what is there is the encoder's work
    pretrained=True,
    frozen_blocks=3,  # down to a quarter: half as fast again in training
    encoder_rate=0.25,  # to turn its knowledge to color, not to forget it
    width=1,  # all_convolution's, as the next
    dilations=(),  # all_convolution's
    photo_side=144,  # the training photos' own size; 192 from run 5 on
    crop_side=128,  # a multiple of 32, and near the photos' size: whole scenes
    zoom=(0.5, 1.0),  # crops of 72 to 144 pixels: sharp and soft, near and far
    shares=(),  # from run 3 on: fewer portraits and products, of which there are too many
    min_colorfulness=0.0,  # every photo that has color; 26 in runs 3 and 4, then 12
    validation_share=0.05,
    validation_photos=480,
    samples=224_000,  # an hour on two idle cores, five looks at each photo
    samples_per_epoch=8_000,
    batch_size=32,  # larger batches are no faster on two cores and take fewer steps
    learning_rate=1e-3,  # the decoder's; the usual peak of AdamW for convolutions of this size
    warmup_share=0.05,
    weight_decay=0.05,  # of the decoder; the encoder is not pulled to zero
    clip_norm=1.0,
    ema=0.998,  # averages the last 500 steps
    patience=0,  # the cosine runs to its end
    precision="auto",
    huber_delta=0.5,  # 55 units of a*b*: only the rare vivid pixel counts linearly
    psnr_share=0.5,  # else a photo that is far off counts ten times one that is nearly right
    picture_weight=0.0,  # a*b* first; 2 from run 3 on
    vividness=0.0,  # about 0.05 from run 3 on; 0.08 makes clothes pink
    red_caution=0.0,  # 0.4 in run 8; mixed with run 7, as 0.4 alone makes red apples brown
    start_share=0.0,  # 0.5 in runs 2, 4, 7; 0.1 in 8: a mean beats either at equal colorfulness
    scale=0.75,  # 192 of 256 pixels, near the training photos' size: better, and half the work
    chroma_gain=1.1,  # held-back photos of wide kinds get two thirds of their true colorfulness
    seed=2,
)
