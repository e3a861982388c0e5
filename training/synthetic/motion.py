"""Time courses: how strong an action is at each moment, and how the head moves meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]


@dataclass(frozen=True)
class EventTiming:
    """Onset to apex, and apex to offset, in milliseconds."""

    rise_ms: float
    fall_ms: float

    @property
    def total_ms(self) -> float:
        """Onset to offset."""
        return self.rise_ms + self.fall_ms


def _two_piece(rng: np.random.Generator, median: float, low: float, high: float) -> float:
    """Log-normal with its own spread on either side of the median; low, high at 5 and 95%."""
    z = float(rng.standard_normal())
    spread = np.log(median / low) if z < 0 else np.log(high / median)
    return float(median * np.exp(z * spread / 1.645))


def sample_timing(rng: np.random.Generator, kind: str) -> EventTiming:
    """Draw the timing of a micro- or macro-expression.

    Micro: rise median 160 ms (5-95%: 70-300), fall 200 (60-330), whole 390 (200-500), as
    SAMM-LV's annotations have it. Macro: whole from 0.6 to 3 s.

    Example:
        >>> import numpy as np
        >>> 100 < sample_timing(np.random.default_rng(1), "micro").total_ms < 560
        True
    """
    while True:
        if kind == "macro":
            rise, fall = _two_piece(rng, 500, 250, 1000), _two_piece(rng, 700, 300, 1500)
            low, high = 600.0, 3000.0
        else:
            rise, fall = _two_piece(rng, 175, 72, 310), _two_piece(rng, 215, 62, 345)
            low, high = 140.0, 540.0
        if low <= rise + fall <= high:
            return EventTiming(rise, fall)


@dataclass(frozen=True)
class Course:
    """The strength of one action over time, 0 to 1.

    Attributes:
        onset_ms, apex_ms, offset_ms: its turning points.
        skew: exponent on the rise; below 1 quick at first, above 1 slow at first.
        rest: what remains after the offset.
    """

    onset_ms: float
    apex_ms: float
    offset_ms: float
    skew: float = 1.0
    rest: float = 0.0

    def __call__(self, t: Times) -> Times:
        """Strength at times t [n] in milliseconds."""
        rise = np.clip((t - self.onset_ms) / max(self.apex_ms - self.onset_ms, 1e-3), 0, 1)
        fall = np.clip((t - self.apex_ms) / max(self.offset_ms - self.apex_ms, 1e-3), 0, 1)
        up = 0.5 - 0.5 * np.cos(np.pi * rise**self.skew)
        down = 0.5 + 0.5 * np.cos(np.pi * fall)
        strength: Times = np.where(t <= self.apex_ms, up, self.rest + (1 - self.rest) * down)
        return strength


def sample_course(rng: np.random.Generator, onset_ms: float, timing: EventTiming) -> Course:
    """A course close to the event's timing: each muscle is a little early or late."""
    lag = rng.uniform(-0.06, 0.06, 3) * timing.total_ms
    onset = onset_ms + max(0.0, lag[0])
    apex = max(onset + 30.0, onset_ms + timing.rise_ms + lag[1])
    offset = max(apex + 30.0, onset_ms + timing.total_ms - max(0.0, lag[2]))
    rest = float(rng.uniform(0, 0.25)) if rng.random() < 0.3 else 0.0
    return Course(onset, apex, offset, float(rng.uniform(0.8, 1.25)), rest)


@dataclass(frozen=True)
class Blink:
    """A blink: lids close in about 80 ms and open in about 150."""

    start_ms: float
    close_ms: float = 80.0
    hold_ms: float = 30.0
    open_ms: float = 150.0

    @property
    def end_ms(self) -> float:
        """When the lids are open again."""
        return self.start_ms + self.close_ms + self.hold_ms + self.open_ms

    def __call__(self, t: Times) -> Times:
        """How far the lids are closed at t [n], 0 to 1."""
        down = np.clip((t - self.start_ms) / self.close_ms, 0, 1)
        up = np.clip((t - self.start_ms - self.close_ms - self.hold_ms) / self.open_ms, 0, 1)
        closed: Times = 0.5 * (np.cos(np.pi * up) - np.cos(np.pi * down))
        return closed


def smooth_drift(
    rng: np.random.Generator, t: Times, size: float, period_ms: tuple[float, float]
) -> Times:
    """A slow wander of standard size `size`: three sines of random period and phase."""
    total = np.zeros_like(t)
    for _ in range(3):
        period = rng.uniform(*period_ms)
        total += rng.normal(0, size / 1.7) * np.sin(2 * np.pi * (t / period + rng.random()))
    return total
