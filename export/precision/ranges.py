"""Ranges of activations, from histograms over calibration clips."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

BINS = 2048
HEADROOM = 1.75
"""How much farther than on the calibration clips motion may go: what is cut off of it is lost."""


@dataclass(frozen=True)
class Range:
    """Values that a tensor takes, and those that eight bits are spent on.

    Attributes:
        low: least value of the range, at most 0.
        high: largest value of the range, at least 0.
    """

    low: float
    high: float

    @property
    def largest(self) -> float:
        """Largest absolute value."""
        return max(-self.low, self.high)

    @property
    def is_two_sided(self) -> bool:
        """Whether values are negative about as often as not."""
        return -self.low > 0.5 * self.high

    def scaled(self, factor: float) -> Range:
        """A range so many times as wide."""
        return Range(self.low * factor, self.high * factor)


class Histogram:
    """Counts of values between growing bounds.

    Attributes:
        low: least value, at most 0.
        high: largest value, at least 0.
        channels: of the tensor.
    """

    def __init__(self) -> None:
        self.channels = 1
        self.low = self.high = 0.0
        self._counts: NDArray[np.float64] = np.zeros(BINS)
        self._edge = 0.0

    def add(self, values: NDArray[np.floating]) -> None:
        """Count some more values, of channels along their second dimension."""
        self.channels = values.shape[1] if values.ndim > 1 else 1
        low, high = float(values.min()), float(values.max())
        self.low, self.high = min(self.low, low), max(self.high, high)
        reach = max(-low, high)
        if reach > self._edge:
            self._widen(reach * 1.25)
        counts, _ = np.histogram(values, BINS, (-self._edge, self._edge))
        self._counts += counts

    @property
    def whole(self) -> Range:
        """All values that came."""
        return Range(self.low, self.high)

    def _widen(self, edge: float) -> None:
        if self._edge > 0:
            centres = self._centres()
            self._counts, _ = np.histogram(centres, BINS, (-edge, edge), weights=self._counts)
        self._edge = edge

    def _centres(self) -> NDArray[np.float64]:
        step = 2 * self._edge / BINS
        return (np.arange(BINS, dtype=np.float64) + 0.5) * step - self._edge

    def best(self, signed: bool, slope: float = 1.0) -> Range:
        """The range whose quantization to eight bits has the least squared error.

        Args:
            signed: symmetric about 0, 255 steps; otherwise from `low` to `high` in 255.
            slope: of a LeakyReLU that follows: what lies below 0 counts by so much.
        """
        if self._edge == 0:
            return Range(0.0, 0.0)
        centres, counts = self._centres(), self._counts
        kept = counts > 0
        centres, counts = centres[kept], counts[kept] * np.where(centres[kept] < 0, slope**2, 1)
        best, least = Range(self.low, self.high), np.inf
        for share in (1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3):
            for below in (1.0,) if signed or self.low == 0 else (1.0, 0.8, 0.6, 0.4, 0.25, 0.15):
                trial = Range(self.low * share * below, self.high * share)
                error = float(counts @ _error(centres, trial, signed))
                if error < least:
                    best, least = trial, error
        return best


def _error(values: NDArray[np.float64], within: Range, signed: bool) -> NDArray[np.float64]:
    """Squared error of each value once it is clipped and rounded."""
    low, high = (-within.largest, within.largest) if signed else (within.low, within.high)
    step = max((high - low) / (254 if signed else 255), 1e-12)
    inside = (values >= low) & (values <= high)
    beyond = np.where(values < low, low - values, values - high)
    return np.where(inside, step**2 / 12, beyond**2)


Batch = Mapping[str, NDArray[np.float32]]


def collect(
    model: onnx.ModelProto, tensors: Sequence[str], batches: Iterable[Batch], threads: int
) -> dict[str, Histogram]:
    """Histograms of some tensors of a float32 model, inputs among them, over batches of inputs."""
    import onnxruntime

    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    given = {value.name for value in model.graph.input}
    there = {value.name for value in model.graph.output}
    inner = [name for name in tensors if name not in given]
    for name in inner:
        if name not in there:
            watched.graph.output.append(onnx.ValueInfoProto(name=name))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        watched.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    found = {name: Histogram() for name in tensors}
    for batch in batches:
        values = dict(zip(inner, session.run(inner, dict(batch)))) if inner else {}
        for name, histogram in found.items():
            histogram.add(values[name] if name in values else batch[name])
    return found
