"""The color networks beside a plain U-Net of 9 GFLOPs."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.networks_process import U_NET
from bench.report import Goal, PartResult, Table, ms, p50, p95
from bench.run_command import output_of

MAX_PARAMETERS = 10e6
MAX_GFLOPS = 9.0


def measure(
    models: Sequence[Path], rounds: int, log: Callable[[str], None], goal_model: str = "color/v2"
) -> PartResult:
    """Time the color models with these base paths; the goals are those of `goal_model`.

    Raises CannotMeasure if one of them cannot be loaded.
    """
    log("the networks beside a plain U-Net")
    command = [sys.executable, "-m", "bench.networks_process", str(rounds), *map(str, models)]
    output = output_of(command, "the process that runs the networks ended")
    numbers: dict[str, Any] = json.loads(output)
    yardstick = p50(numbers[U_NET]["seconds"])
    rows = [
        [
            name,
            f"{network['parameters'] / 1e6:.1f}",
            f"{network['gflops']:.1f}",
            f"{ms(p50(network['seconds']))} / {ms(p95(network['seconds']))}",
            f"{p50(network['seconds']) / yardstick:.2f} ×",
        ]
        for name, network in numbers.items()
    ]
    columns = ["", "million parameters", "GFLOPs", "ms, p50 / p95", "to the U-Net"]
    table = Table("Networks at 256×256, `serving_default` in process", columns, rows)
    goals = []
    if network := numbers.get(goal_model):
        seconds = p50(network["seconds"])
        goals = [
            Goal(
                f"{goal_model}: at 256×256 no slower than a plain U-Net of 9 GFLOPs",
                f"{ms(seconds)} ms to {ms(yardstick)} ms, {seconds / yardstick:.2f} ×",
                seconds <= yardstick,
            ),
            Goal(
                f"{goal_model}: at most 10 million parameters and 9 GFLOPs",
                f"{network['parameters'] / 1e6:.1f} million, {network['gflops']:.1f} GFLOPs",
                network["parameters"] <= MAX_PARAMETERS and network["gflops"] <= MAX_GFLOPS,
            ),
        ]
    return PartResult([table], [], goals, numbers)
