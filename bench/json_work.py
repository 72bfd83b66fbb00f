"""The time for the JSON of one exchange: the model server's codec, and the standard library's json.

Both read the same request bytes into the same float32 tensor, and both write the same float32
tensor as a reply that reads back as the same numbers. The server's codec validates the request as
always; the standard library's way validates nothing.
"""

import gc
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.report import CannotMeasure
from bench.stdlib_json_server import read_rows, write_rows
from serving.json_document import parse_object
from serving.json_reply import write_reply
from serving.json_tensors import read_request
from serving.tensor_spec import TensorSpec

INPUTS = {"input_1": TensorSpec("input_1", "float")}


@dataclass
class JsonWork:
    """Seconds of each round: request text to tensor, tensor to reply text."""

    read: list[float] = field(default_factory=list)
    write: list[float] = field(default_factory=list)

    @property
    def together(self) -> list[float]:
        """Both, round by round."""
        return [read + write for read, write in zip(self.read, self.write, strict=True)]


class BothWays:
    """The two ways on the same bytes, in turns."""

    def __init__(self, request: bytes, ab: NDArray[np.float32]):
        """`request` is in row form, `ab` what a server answers to it, [1,H,W,2]."""
        self.request = request
        self.outputs = {"output_0": ab}
        self.ours, self.stdlib = JsonWork(), JsonWork()

    def check(self) -> None:
        """Raise CannotMeasure unless both ways read and write the same numbers."""
        ours, stdlib = self._read_ours(), self._read_stdlib()
        same = np.array_equal(ours[1]["input_1"], stdlib[1]["input_1"])
        replies = (json.loads(text) for text in (self._write_ours(), self._write_stdlib()))
        first, second = (np.array(reply["predictions"], np.float32) for reply in replies)
        if not (same and np.array_equal(first, second)):
            raise CannotMeasure("the server's JSON and the standard library's differ in value")

    def measure_once(self) -> None:
        """Every step once, both ways, without the garbage collector.

        Its share depends on what else a process holds: the fewer objects, the more often it goes
        through all of them. A whole request is measured with it.
        """
        collecting = gc.isenabled()
        gc.disable()
        try:
            self.ours.read.append(_seconds(self._read_ours))
            self.stdlib.read.append(_seconds(self._read_stdlib))
            self.ours.write.append(_seconds(self._write_ours))
            self.stdlib.write.append(_seconds(self._write_stdlib))
        finally:
            if collecting:
                gc.enable()

    def _read_ours(self) -> Any:
        return read_request(parse_object(self.request), INPUTS)

    def _read_stdlib(self) -> Any:
        return read_rows(json.loads(self.request), INPUTS)

    def _write_ours(self) -> bytes:
        return write_reply(self.outputs, "row")

    def _write_stdlib(self) -> bytes:
        return write_rows(self.outputs, "row")


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
