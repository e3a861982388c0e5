"""How much a still face seems to move, in pixels of the crop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mol_edge.motion import REGION_POINTS
from mol_edge.motion_meter import MotionMeter

# Eyes blink on still faces too, and a chin is smooth.
_REGIONS = ("left_brow", "right_brow", "nose_wings", "mouth")
_POINTS = {region: np.array(REGION_POINTS[region]) for region in _REGIONS}
_ALL = np.concatenate(list(_POINTS.values()))
_MIDDLE = np.array([64.0, 64.0])


@dataclass(frozen=True)
class Noise:
    """What is measured as motion where there is none.

    Attributes:
        span_ms: time between the two pictures that are compared.
        noise_px: pixels of the 128 crop by which the patches around brows, nose and mouth seem to
            move, the median over patches and pairs of pictures.
        regions: the same for each region.
        seen: share of these patches that have enough texture to be followed at all.
        head_px: by how much the whole face moves over `span_ms`, the median.
    """

    span_ms: float
    noise_px: float
    regions: Mapping[str, float]
    seen: float
    head_px: float


def measure_noise(
    times_ns: NDArray[np.int64],
    crops: NDArray[np.float32],
    landmarks: NDArray[np.float32],
    span_ms: float = 50.0,
) -> Noise:
    """Measure motion between pictures of a still face.

    Args:
        times_ns: int64 [n], timestamps.
        crops: float32 [n, 128, 128], luma, one alignment for all.
        landmarks: float32 [68, 2], crop pixels.
        span_ms: time between two samples of a window, over which motion matters.
    """
    meter = MotionMeter()
    # A tenth less, so that jitter does not take the next picture but one.
    thens = np.searchsorted(times_ns, times_ns + round(0.9e6 * span_ms))
    pairs = [(now, then) for now, then in enumerate(thens) if then < len(crops)]
    motions = [meter.between(crops[now], crops[then], landmarks) for now, then in pairs]
    seen = np.stack([motion.seen > 0 for motion in motions])
    strength = np.where(seen, np.stack([motion.strength for motion in motions]), np.nan)
    shifts = [motion.head @ [*_MIDDLE, 1.0] - _MIDDLE for motion in motions]
    return Noise(
        span_ms=float(np.median([times_ns[then] - times_ns[now] for now, then in pairs])) / 1e6,
        noise_px=_median(strength[:, _ALL]),
        regions={region: _median(strength[:, points]) for region, points in _POINTS.items()},
        seen=float(seen[:, _ALL].mean()),
        head_px=float(np.median(np.hypot(*np.transpose(shifts)))),
    )


def _median(values: NDArray[np.floating]) -> float:
    """The median of what is a number; 0 where nothing is."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else 0.0
