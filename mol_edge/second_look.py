"""Short movements that are never faster than noise, found by their shape when they are over.

The core runs filters of several durations along the paths of the face's parts (`HumpBank`). What
they find is told where the first look, by speed, tells nothing.
"""

from __future__ import annotations

import numpy as np

from mol_edge import cells
from mol_edge.path_history import PathHistory, Shape
from mol_edge.spot import Spot, SpotterOptions
from mol_edge.syllables import is_syllable

# How long a clearer shape is waited for, and how near one is another view of the same movement.
_WAIT_NS, _LONGEST_WAIT_NS = 120_000_000, 700_000_000
_SAME_NS = 350_000_000
# The noise of a filter is that of whole movements, in which a head's are seen for longer.
_OWN = 0.7
_BESIDE_BLINK_NS = 40_000_000


class SecondLook:
    """Tells movements by their shape. Not safe to share between threads.

    Args:
        history: whose shapes are taken.
        options: what counts as a movement.
    """

    def __init__(self, history: PathHistory, options: SpotterOptions) -> None:
        self._history, self._options = history, options
        self._waiting: list[tuple[Shape, int]] = []
        self._told: list[Spot] = []

    def restart(self) -> None:
        """Forget what was found: another segment begins."""
        self._waiting.clear()
        self._told.clear()

    def push(self, now_ns: int, first: list[Spot], following: bool) -> list[Spot]:
        """Take a frame that the history has taken.

        Args:
            now_ns: its time.
            first: what the first look tells at it.
            following: whether the first look follows a movement, which may be the same; that is
                waited for, but not so long that the frames of the movement are gone.

        Returns:
            What neither look has told before.
        """
        shape = self._history.shape()
        if shape is not None and self._is_movement(shape):
            self._keep(shape, now_ns)
        told = [spot for spot in first if not self._is_told(spot)]
        self._remember(told, now_ns)
        if not self._waiting:
            return told
        wait_ns = _LONGEST_WAIT_NS if following else _WAIT_NS
        ready = [shape for shape, found_ns in self._waiting if now_ns - found_ns > wait_ns]
        self._waiting = [each for each in self._waiting if each[0] not in ready]
        missed = [self._spot(shape) for shape in ready if not self._is_told(shape)]
        self._remember(missed, now_ns)
        return told + missed

    def _remember(self, spots: list[Spot], now_ns: int) -> None:
        """Keep what was told while another look may see it."""
        if spots:
            oldest = now_ns - round(1e6 * self._options.most_ms)
            self._told = [spot for spot in self._told if spot.offset_ns > oldest] + spots

    def _keep(self, shape: Shape, now_ns: int) -> None:
        """Wait with a shape, unless a clearer one of the same movement waits."""
        same = [each for each, _ in self._waiting if abs(each.apex_ns - shape.apex_ns) < _SAME_NS]
        if all(shape.clearness > each.clearness for each in same):
            kept = [each for each in self._waiting if each[0] not in same]
            self._waiting = [*kept, (shape, now_ns)]

    def _is_told(self, found: Spot | Shape) -> bool:
        return any(
            spot.onset_ns < found.offset_ns and found.onset_ns < spot.offset_ns
            for spot in self._told
        )

    def _is_movement(self, shape: Shape) -> bool:
        options = self._options
        if (shape.offset_ns - shape.onset_ns) / 1e6 < options.least_ms:
            return False
        height, noise = shape.peak[cells.EVIDENCE], shape.noise
        own = cells.without_common_motion(height, noise)
        factor = shape.factor
        clear = (_size(height) > options.least_px) & (_size(height / noise) > factor)
        clear &= (_size(own) > _OWN * options.least_px) & (_size(own / noise) > _OWN * factor)
        if not clear.any():
            return False
        window = self._history.since(shape.onset_ns - _BESIDE_BLINK_NS)
        within = window.times_ns <= shape.offset_ns + _BESIDE_BLINK_NS
        if window.blinks[within].any():
            return False
        return not is_syllable(self._history, shape.onset_ns, shape.peak)

    def _spot(self, shape: Shape) -> Spot:
        window = self._history.since(0)
        first, middle, last = (
            int(np.abs(window.times_ns - at).argmin())
            for at in (shape.onset_ns, shape.apex_ns, shape.offset_ns)
        )
        times, frames = window.times_ns, window.indices
        kind = self._options.kind_of((shape.offset_ns - shape.onset_ns) / 1e6)
        return Spot(
            int(times[first]),
            int(times[middle]),
            int(times[last]),
            int(frames[first]),
            int(frames[middle]),
            int(frames[last]),
            kind,
            cells.strongest_by_region(_size(shape.peak)),
        )


def _size(vectors: cells.Array) -> cells.Array:
    size: cells.Array = np.hypot(*vectors.T)
    return size
