"""Where the cells of a face have been in the last seconds, how fast they are and how noisy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core, cells
from mol_edge.motion import Motion

Array = NDArray[np.float64]
Times = NDArray[np.int64]

# Speed is the displacement over 100 ms, between means over 33 ms.
_LAG_MS = 133.0
# What lies beside a blink in time is spoilt by it as well.
BESIDE_BLINK_NS = 40_000_000


@dataclass(frozen=True)
class PathWindow:
    """Rows of a history, oldest first.

    Attributes:
        times_ns: int64 [n].
        indices: int64 [n], positions of the frames in the source.
        paths: float64 [n, cells, 2], pixels; what blinks spoil is bridged by a line.
        blinks: bool [n].
    """

    times_ns: Times
    indices: Times
    paths: Array
    blinks: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Shape:
    """A path that rose and fell like a short movement, at rest before and after.

    Attributes:
        onset_ns: its times, to 10 ms; `apex_ns` and `offset_ns` likewise.
        clearness: deviations of the clearest cell in those of its filter's noise, times the square
            of the share of its path that the shape explains.
        factor: the deviations that were asked for.
        cell: the clearest.
        peak: float64 [cells, 2], displacement at its height, pixels.
        noise: float64 [evidence, 2], of the filter.
    """

    onset_ns: int
    apex_ns: int
    offset_ns: int
    clearness: float
    factor: float
    cell: int
    peak: Array
    noise: Array


class PathHistory:
    """The cells' places in the last seconds. Not safe to share between threads.

    Args:
        keep_ms: how long a frame's are kept.
        least_px: height of a shape that is told, pixels.
        factor: the same in deviations of what its filter said of the last seconds.

    Attributes:
        has_shape: whether the newest frame completes the shape of a short movement.

    Example:
        >>> history = PathHistory(keep_ms=2000)
        >>> [history.add(k * 20_000_000, k, Motion.still()) for k in (1, 2)], history.span_ms
        ([True, True], 20.0)
    """

    lag_ms = _LAG_MS

    def __init__(self, keep_ms: float, least_px: float = 0.18, factor: float = 6.6) -> None:
        self._history = _core.PathHistory(
            *cells.LAYOUT, round(keep_ms * 1e6), least_px=least_px, factor=factor
        )
        self._factor = factor
        self.has_shape = False

    def restart(self) -> None:
        """Forget the paths; what was learned of noise and of blinks stays."""
        self._history.restart()

    @property
    def span_ms(self) -> float:
        """Time from the oldest to the newest frame."""
        return self._history.span_ns() / 1e6

    @property
    def noise(self) -> Array:
        """Deviations of the still face's speed, float64 [cells, 2], pixels."""
        return self._history.noise()

    @property
    def wary_noise(self) -> Array:
        """As `noise`, or what was usual of late where that is more, up to half as much again."""
        return self._history.wary_noise()

    @property
    def speed(self) -> Array:
        """Displacement [cells, 2] over the last tenth of a second, pixels."""
        return self._history.speed()

    @property
    def trusted(self) -> NDArray[np.bool_]:
        """Which cells' speed says something now."""
        return self._history.trusted()

    @property
    def blink_leak(self) -> Array | None:
        """How far blinks of this face can seem to move each cell, float64 [cells], pixels.

        None while too few were seen.
        """
        return self._history.blink_leak()

    def moves(self, least_px: float, factor: float) -> bool:
        """Whether a cell that is evidence is faster than `least_px` and `factor` deviations."""
        return self._history.moves(least_px, factor)

    def shape(self) -> Shape | None:
        """The clearest shape of a short movement that the newest frame completes."""
        found = self._history.hump()
        if found is None:
            return None
        onset_ns, apex_ns, offset_ns, clearness, cell, peak, noise = found
        return Shape(onset_ns, apex_ns, offset_ns, clearness, self._factor, cell, peak, noise)

    def add(self, timestamp_ns: int, index: int, motion: Motion) -> bool:
        """Take the next frame's motion; False where it does not join what is known.

        Raises:
            OptionError: the time is below 0.
        """
        came = self._history.add(
            timestamp_ns,
            index,
            motion.since_ns,
            motion.vectors,
            motion.confidence,
            motion.axes,
            motion.deviation,
        )
        self.has_shape = came > 1
        return came > 0

    def since(self, time_ns: int) -> PathWindow:
        """The frames from some time on."""
        return PathWindow(*self._history.since(time_ns))

    def learn_noise(self) -> None:
        """Count the newest frame as one of a still face."""
        self._history.learn_noise()
