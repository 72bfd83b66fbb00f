"""What a style recipe may say: every number of a training run, with its unit."""

import dataclasses
import hashlib
import json


@dataclasses.dataclass(frozen=True)
class StyleRecipe:
    """One training run. Each recipe is a module of `training.style.recipes`.

    Every field but `name` is a flag of `python -m training style` (`--batch-size`).
    """

    name: str
    # The networks.
    width: int  # of the transformer: channels at full resolution
    blocks: int  # of the transformer: residual blocks at a quarter of the resolution
    style_width: float  # of the style network; 1.0 is MobileNetV2
    train_style_network: bool  # no keeps its first weights, which is much cheaper
    # The data.
    photo_side: int  # photos are cached at this height and width, pixels
    crop_side: int  # crops are resized to this side, pixels; a multiple of 8
    zoom: tuple[float, float]  # range of the share of the photo's side that a crop covers
    gray_share: float  # share of crops made gray, 0...1
    own_share: float  # share of pairs in which the photo is its own style, 0...1
    own_photos: int  # photos that serve as their own style
    validation_share: float  # share of photos and of paintings held back, by content hash, 0...1
    validation_pairs: int  # pairs in each evaluation
    # The schedule.
    samples: int  # pairs seen during the run
    samples_per_epoch: int  # pairs between two evaluations
    batch_size: int  # pairs per step
    learning_rate: float  # the peak
    warmup_share: float  # share of the steps with rising rate
    cooldown_share: float  # share of the steps, at the end, with falling rate, to zero
    clip_norm: float  # largest norm of the whole gradient
    ema: float  # decay per step of the weights' moving average, which is published
    # The loss; the distance of style has weight 1.
    content_weight: float  # weight of the content distance; the style distance has 1
    own_weight: float  # weight of the squared RGB distance where a photo is its own style
    variation_weight: float  # weight of the mean absolute difference of neighboring pixels
    bfloat16: bool  # convolutions in bfloat16; needs TensorFlow and a CPU that supports it
    seed: int  # of all random numbers

    def __post_init__(self) -> None:
        for name in ("width", "samples_per_epoch", "batch_size", "validation_pairs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.samples < self.batch_size:
            raise ValueError(f"samples ({self.samples}) must be at least batch_size")
        if self.crop_side < 32 or self.crop_side % 8:
            raise ValueError("crop_side must be a multiple of 8, and at least 32")
        if self.photo_side < 32 or self.seed < 0:
            raise ValueError("photo_side must be at least 32, and seed at least 0")
        if not 0 < self.zoom[0] <= self.zoom[1] <= 1:
            raise ValueError("zoom must be two shares of the photo's side, LOW,HIGH, in 0...1")
        for name in ("gray_share", "own_share", "validation_share"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be in 0...1")
        if self.own_share and not self.own_photos:
            raise ValueError("own_share needs own_photos")

    def fingerprint(self, *inputs: str) -> str:
        """A short hash of every value and of `inputs` (the data's sources, the first weights)."""
        values = json.dumps([dataclasses.asdict(self), inputs], sort_keys=True)
        return hashlib.sha256(values.encode()).hexdigest()[:16]
