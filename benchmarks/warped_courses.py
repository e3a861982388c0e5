"""How far a movement of a warped photograph has gone: courses of several shapes over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_PHASES = np.linspace(0.0, 1.0, 1001)
# A movement begins and ends where it is this share of its height.
_VISIBLE = 0.05


@dataclass(frozen=True, eq=False)
class Course:
    """Rise and fall of one movement.

    Attributes:
        shape: name of its shape.
        onset_ms, apex_ms, offset_ms: where it leaves 5% of its height, is highest, is back there.
        start_ms, span_ms: where it leaves 0, and for how long.
        heights: float64 [1001], 0 to 1, evenly over the span.
    """

    shape: str
    onset_ms: float
    apex_ms: float
    offset_ms: float
    start_ms: float
    span_ms: float
    heights: Array

    def at(self, time_ms: float) -> float:
        """Height at a time, 0 to 1."""
        phase = (time_ms - self.start_ms) / self.span_ms
        return float(np.interp(phase, _PHASES, self.heights, left=0.0, right=0.0))


def smooth_step(phase: Array) -> Array:
    """0 up to phase 0, 1 from phase 1, with soft ends."""
    phase = np.clip(phase, 0.0, 1.0)
    step: Array = phase**2 * (3 - 2 * phase)
    return step


def draw_course(rng: np.random.Generator, onset_ms: float, duration_ms: float) -> Course:
    """A course of random shape that takes so long from onset to offset.

    Example:
        >>> course = draw_course(np.random.default_rng(1), 1000.0, 300.0)
        >>> round(course.at(course.onset_ms), 2), round(course.at(course.apex_ms), 2)
        (0.05, 1.0)
    """
    shape = str(rng.choice(list(_SHAPES)))
    heights = _SHAPES[shape](rng)
    heights = heights / heights.max()
    apex = int(heights.argmax())
    begins = float(np.interp(_VISIBLE, heights[: apex + 1], _PHASES[: apex + 1]))
    ends = float(np.interp(_VISIBLE, heights[apex:][::-1], _PHASES[apex:][::-1]))
    span_ms = duration_ms / (ends - begins)
    start_ms = onset_ms - begins * span_ms
    return Course(
        shape,
        onset_ms,
        start_ms + float(_PHASES[apex]) * span_ms,
        onset_ms + duration_ms,
        start_ms,
        span_ms,
        heights,
    )


def _cosine(rng: np.random.Generator) -> Array:
    apex = rng.uniform(0.25, 0.65)
    phase = np.where(apex > _PHASES, _PHASES / apex, (1 - _PHASES) / (1 - apex))
    heights: Array = 0.5 - 0.5 * np.cos(np.pi * phase)
    return heights


def _skewed(rng: np.random.Generator) -> Array:
    rise, fall = rng.uniform(1.2, 2.2), rng.uniform(2.2, 4.0)
    heights: Array = _PHASES**rise * (1 - _PHASES) ** fall
    return heights


def _held(rng: np.random.Generator) -> Array:
    rise, fall = rng.uniform(0.2, 0.35), rng.uniform(0.25, 0.45)
    heights: Array = smooth_step(_PHASES / rise) * smooth_step((1 - _PHASES) / fall)
    return heights


def _relaxing(rng: np.random.Generator) -> Array:
    rise, rate = rng.uniform(0.15, 0.3), rng.uniform(2.0, 3.5)
    relaxed = np.exp(-rate * np.clip(_PHASES - rise, 0, None) / (1 - rise))
    heights: Array = smooth_step(_PHASES / rise) * relaxed * smooth_step((1 - _PHASES) / 0.3)
    return heights


_SHAPES = {"cosine": _cosine, "skewed": _skewed, "held": _held, "relaxing": _relaxing}
