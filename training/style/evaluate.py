"""Compare published style models on pairs of photos and paintings, as VGG-19 sees them.

The published SavedModel is evaluated, by its `serving_default` signature. Content and style are the
distances of `training.style.losses`: 0 is the photo's own content, and the painting's own style.
They compete, so neither means much alone. How well the photo can be recognized is best measured by
its edges (`training.style.strength`).
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from training.publishing.saved_model import load_signature
from training.style.losses import Perception, content_distance, style_distance
from training.style.strength import Picture, edges_kept

Painter = Callable[[Picture, Picture], Picture]  # photo, style -> the photo in that style

BASELINES: dict[str, Painter] = {
    "the photo, unpainted": lambda photo, style: photo,
    "the painting itself": lambda photo, style: style,
}


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """One model's figures, pair by pair, its pictures, and the seconds each took."""

    name: str
    content: list[float]
    style: list[float]
    edges: list[float]
    seconds: list[float]
    pictures: list[Picture]

    def summary(self) -> dict[str, float]:
        """Means over pairs; the median of the seconds, which the first calls would spoil."""
        return {
            "content": float(np.mean(self.content)),
            "style": float(np.mean(self.style)),
            "edges": float(np.mean(self.edges)),
            "seconds": float(np.median(self.seconds)),
        }


def load_painter(folder: Path) -> Painter:
    """The model in `folder`, found as by `find_saved_model`. Raises ModelError."""
    signature = load_signature(folder, "serving_default", "placeholder_1")

    def paint(photo: Picture, style: Picture) -> Picture:
        inputs = {"placeholder": as_floats(photo), "placeholder_1": as_floats(style)}
        painted = signature(**inputs)["output_0"][0].numpy()
        return np.rint(np.clip(painted, 0, 1) * 255).astype(np.uint8)

    return paint


def as_floats(picture: Picture) -> tf.Tensor:
    """[1, H, W, 3], 0...1."""
    return tf.constant(picture[None], tf.float32) / 255.0


def evaluate(
    name: str,
    paint: Painter,
    pairs: Sequence[tuple[Picture, Picture]],
    perception: Perception,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Paint every pair (photo, style), and measure the picture's distance from both."""
    perception_of = tf.function(perception.content_and_style)
    content, style, edges, seconds, pictures = [], [], [], [], []
    for done, (photo, painting) in enumerate(pairs, start=1):
        start = time.perf_counter()
        picture = paint(photo, painting)
        seconds.append(time.perf_counter() - start)
        ours, truth, theirs = (perception_of(as_floats(x)) for x in (picture, photo, painting))
        # Another size than the photo's, the painting itself, has no content to compare.
        same = picture.shape == photo.shape
        content.append(float(content_distance(ours[0], truth[0])[0]) if same else np.nan)
        style.append(float(style_distance(ours[1], theirs[1])[0]))
        edges.append(edges_kept(picture, photo) if same else np.nan)
        pictures.append(picture)
        progress(done, len(pairs))
    return Evaluation(name, content, style, edges, seconds, pictures)


def markdown_table(evaluations: Sequence[Evaluation]) -> str:
    """The means as a Markdown table."""
    lines = ["| picture | content distance | style distance | edges kept |", "|---|---|---|---|"]
    for evaluation in evaluations:
        s = evaluation.summary()
        content = "–" if np.isnan(s["content"]) else f"{s['content']:.3f}"
        edges = "–" if np.isnan(s["edges"]) else f"{s['edges']:.2f}"
        lines.append(f"| {evaluation.name} | {content} | {s['style']:.3f} | {edges} |")
    return "\n".join(lines)
