"""What a recipe may say: every number of a training run, with its unit."""

import dataclasses
import hashlib
import json

# What a crop's side must be a multiple of, by network.
STRIDES = {"all_convolution": 8, "semantic": 32}
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One training run. Each recipe is a module of `recipes/`; its values have reasons.

    Every field but `name` is a flag of `python -m training` (`--batch-size` for `batch_size`).
    """

    name: str
    # The network.
    network: str  # all_convolution (from scratch) or semantic (with a pretrained encoder)
    width: int  # all_convolution: channels at a quarter of the resolution
    dilations: tuple[int, ...]  # all_convolution: of each residual layer, at an eighth of it
    encoder: int  # semantic: which EfficientNet-Lite, 0, 1 or 2
    decoder: tuple[int, ...]  # semantic: channels at strides 32, 16, 8 and 4
    pretrained: bool  # semantic: the encoder starts from ImageNet's weights
    frozen_blocks: int  # semantic: number of the encoder's first blocks not trained, with its stem
    encoder_rate: float  # semantic: the encoder's learning rate as a share of the decoder's, 0...1
    # The data.
    photo_side: int  # photos are cached at this height and width, pixels
    crop_side: int  # crops are resized to this side, pixels; a multiple of the network's stride
    zoom: tuple[float, float]  # range of the share of the photo's side that a crop covers
    shares: tuple[str, ...]  # share of the photos to use, by file name: PATTERN=SHARE; others fully
    min_colorfulness: float  # duller photos are excluded, from validation too; 0: none
    validation_share: float  # share of photos held back for validation, by content hash, 0...1
    validation_photos: int  # most photos held back
    # The schedule.
    samples: int  # crops seen during the run
    samples_per_epoch: int  # crops between two evaluations
    batch_size: int  # crops per step
    learning_rate: float  # the peak
    warmup_share: float  # share of the steps with rising rate; then cosine decay to zero
    weight_decay: float  # of AdamW
    clip_norm: float  # largest norm of the whole gradient
    ema: float  # decay per step of the weights' moving average, which is published
    patience: int  # epochs without better validation before an early stop; 0: never
    precision: str  # of the network: float32, bfloat16, or auto (bfloat16 on a GPU)
    # The loss.
    huber_delta: float  # Huber loss: errors beyond it count linearly; in units of a*b* / 110
    psnr_share: float  # share of the loss that is each photo's log mean squared error, 0...1
    picture_weight: float  # weight of the loss in sRGB, added to that in a*b*; 0: none
    vividness: float  # weight of colorfulness in the loss, in dB of PSNR per unit
    red_caution: float  # what red that is not there costs beyond its error, a share of its square
    # What is published.
    start_share: float  # share of the starting weights in the published ones, 0...1 (WiSE-FT)
    scale: float  # share of the photo's size that the network gets, above 0, up to 1
    chroma_gain: float  # factor on the predicted a* and b*
    seed: int  # of all random numbers

    def __post_init__(self) -> None:
        for name in ("samples", "samples_per_epoch", "batch_size", "width", "validation_photos"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.samples < self.batch_size:
            raise ValueError(f"samples ({self.samples}) must be at least batch_size")
        if self.network not in STRIDES:
            raise ValueError(f"network must be one of {', '.join(STRIDES)}, not {self.network}")
        stride = STRIDES[self.network]
        if self.crop_side < stride or self.crop_side % stride:
            raise ValueError(f"crop_side must be a multiple of {stride}")
        if self.photo_side < stride:
            raise ValueError(f"photo_side must be at least {stride}")
        if self.network == "semantic" and (self.encoder not in (0, 1, 2) or len(self.decoder) != 4):
            raise ValueError("encoder must be 0, 1 or 2, and decoder four numbers of channels")
        for name in ("dilations", "decoder"):
            if any(number < 1 for number in getattr(self, name)):
                raise ValueError(f"{name} must be whole numbers from 1 on")
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}")
        for name in ("min_colorfulness", "picture_weight", "vividness", "red_caution", "seed"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be 0 or more, not {getattr(self, name)}")
        if not 0 <= self.start_share < 1:
            raise ValueError(f"start_share must be 0 or more and below 1, not {self.start_share}")
        if not 0 < self.scale <= 1:
            raise ValueError(f"scale must be above 0 and at most 1, not {self.scale}")
        self.name_shares()
        if self.patience < 0:
            raise ValueError(f"patience must be 0 (never) or more, not {self.patience}")
        if not 0 < self.zoom[0] <= self.zoom[1] <= 1:
            raise ValueError("zoom must be two shares of the photo's side, LOW,HIGH, in 0...1")

    def name_shares(self) -> list[tuple[str, float]]:
        """`shares` as pairs of a pattern of file names and a share, 0...1."""
        pairs = []
        for text in self.shares:
            pattern, _, number = text.rpartition("=")
            try:
                share = float(number)
            except ValueError:
                share = -1.0
            if not pattern or not 0 <= share <= 1:
                raise ValueError(f"shares must be such as product-*=0.25, not {text!r}")
            pairs.append((pattern, share))
        return pairs

    def fingerprint(self, *inputs: str) -> str:
        """A short hash of every value and of `inputs` (the data's sources, the first weights).

        Two runs with one fingerprint are one configuration.
        """
        values = json.dumps([dataclasses.asdict(self), inputs], sort_keys=True)
        return hashlib.sha256(values.encode()).hexdigest()[:16]
