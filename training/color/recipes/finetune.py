"""Train the shipped v1 on, on a handful of photos: what `python -m training` does without --data.

The article's image trains with no arguments and with no photos but those in it. What it publishes
must still color, so it starts from v1 and stays close to it.
"""

import dataclasses

from training.color.recipes import v1

RECIPE = dataclasses.replace(
    v1.RECIPE,
    name="finetune",
    validation_share=0.2,  # of a dozen photos
    samples=2_400,  # a minute or two on two cores
    samples_per_epoch=300,
    batch_size=12,
    learning_rate=3e-5,  # a thirtieth of v1's: to move, not to forget
    ema=0.98,  # averages the last 50 of 200 steps
)
