"""The shape of one movement: how far it went, when it rose, and when it had come back."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core, cells
from mol_edge.path_history import PathWindow

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Hump:
    """A movement so far.

    Attributes:
        ended: whether it has come back and rests.
        onset_ns: capture time of its turning points, and frame indices; only of one that ended.
        period_ms: time between two frames.
        blinked: whether a blink fell into it; only of one that ended.
        step: how far from where it came it rests, in parts of its height; only of one that ended.
        beside: how far the same pattern goes before and after it, in parts of its height.
        explained: share of its motion's energy that follows its pattern, rather than several.
        peak: float64 [cells, 2], displacement at its height, pixels; only of one that ended.
    """

    ended: bool = False
    onset_ns: int = 0
    apex_ns: int = 0
    offset_ns: int = 0
    onset: int = 0
    apex: int = 0
    offset: int = 0
    period_ms: float = 0.0
    blinked: bool = False
    step: float = 0.0
    beside: float = 0.0
    explained: float = 1.0
    peak: Array = field(default_factory=lambda: np.zeros(0))


def measure(window: PathWindow, began_ns: int, noise: Array) -> Hump | None:
    """Measure the movement that began about then; None while there is too little of it."""
    times, indices, paths, blinks = window.times_ns, window.indices, window.paths, window.blinks
    evidence = cells.EVIDENCE.stop
    found = _core.measure_hump(times, indices, paths, blinks, began_ns, noise, evidence)
    return Hump(*found[1:]) if found[0] else None
