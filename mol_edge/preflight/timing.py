"""How regularly pictures come, and how many of them are new."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MISSED = 1.5
BLOCK = 8
# Beyond this, equal pictures are the work of compression and say nothing about the rate.
_COMPRESSED = 0.5


@dataclass(frozen=True)
class Timing:
    """The true rate of a source.

    Attributes:
        fps: new pictures per second, repeated ones not counted.
        jitter_ms: deviation of an interval from the median one that 5% of them exceed.
        missed: share of the pictures that should have come and did not.
        repeated: share of the pictures that are the same as the one before.
    """

    fps: float
    jitter_ms: float
    missed: float
    repeated: float


def measure_timing(times_ns: NDArray[np.int64], repeats: NDArray[np.bool_]) -> Timing:
    """Rate and regularity of pictures.

    Args:
        times_ns: int64 [n], timestamps, 3 or more.
        repeats: bool [n - 1], whether a picture is the same as the one before.

    Example:
        >>> times = np.arange(61) * 1_000_000_000 // 30
        >>> measure_timing(times, np.zeros(60, bool)).fps
        30.0
    """
    new = times_ns[np.concatenate([[True], ~repeats])]
    intervals = np.diff(new) / 1e6
    if len(intervals) == 0:
        return Timing(0.0, 0.0, 0.0, 1.0)
    usual = float(np.median(intervals))
    lost = np.where(intervals > _MISSED * usual, np.rint(intervals / max(usual, 1e-6)) - 1, 0)
    kept = intervals[lost == 0]
    return Timing(
        fps=round(1e3 * len(intervals) / max(float(intervals.sum()), 1e-6), 2),
        jitter_ms=float(np.percentile(np.abs(kept - usual), 95)),
        missed=float(lost.sum() / (lost.sum() + len(intervals))),
        repeated=float(repeats.mean()),
    )


def find_repeats(patches: list[NDArray[np.uint8]]) -> tuple[NDArray[np.bool_], float]:
    """Which pictures repeat the one before, and how much compression repeats.

    The noise of a sensor changes every block of 8 x 8 pixels; a codec that skips a block, or a
    camera that averages over time, does not, and takes small movements away with the noise.

    Args:
        patches: uint8 [height, width] each, the same part of every picture.

    Returns:
        bool [n - 1], whether a picture repeats the one before; and the share of blocks that do
        among the pictures that are new.
    """
    shares = np.array([_skipped(a, b) for a, b in zip(patches, patches[1:])])
    repeats = shares == 1.0
    skipped = float(shares[~repeats].mean()) if not repeats.all() else 1.0
    if skipped > _COMPRESSED:
        return np.zeros(len(shares), np.bool_), float(shares.mean())
    return repeats, skipped


def _skipped(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    rows, columns = (size // BLOCK * BLOCK for size in a.shape)
    same = (a == b)[:rows, :columns].reshape(rows // BLOCK, BLOCK, columns // BLOCK, BLOCK)
    return float(same.all(axis=(1, 3)).mean())
