"""Which moments of an event the 8 frames of a clip show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FRAMES = 8


def event_indices(count: int) -> NDArray[np.int64]:
    """round(i · (n - 1) / 7); an event below 8 frames is widened evenly to 8.

    Example:
        >>> event_indices(15).tolist()
        [0, 2, 4, 6, 8, 10, 12, 14]
        >>> event_indices(6).tolist()
        [-1, 0, 1, 2, 3, 4, 5, 6]
    """
    if count < FRAMES:
        return np.arange(FRAMES) - (FRAMES - count) // 2
    return np.floor(np.arange(FRAMES) * (count - 1) / (FRAMES - 1) + 0.5).astype(np.int64)


def official_indices(count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Every n // 8-th frame at a random phase; below 8 frames as `event_indices`."""
    if count < FRAMES:
        return event_indices(count)
    stride = count // FRAMES
    return np.arange(FRAMES) * stride + int(rng.integers(0, stride))


def sliding_indices(
    apex: int, fps: float, window_ms: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """A window of about `window_ms` that holds the apex frame away from its ends."""
    step = max(1, round(window_ms * fps / 7000.0))
    span = 7 * step
    return apex - int(round(span * rng.uniform(0.2, 0.8))) + step * np.arange(FRAMES)
