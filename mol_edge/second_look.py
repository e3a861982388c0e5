"""Short movements that are never faster than noise, found by their shape when they are over.

The core runs filters of several durations along the paths of the face's parts (`HumpBank`). What
they find is told where the first look, by speed, tells nothing.
"""

from __future__ import annotations

import numpy as np

from mol_edge import cells
from mol_edge.event import EventKind
from mol_edge.path_history import BESIDE_BLINK_NS, PathHistory, PathWindow, Shape
from mol_edge.spot import Spot, SpotterOptions
from mol_edge.syllables import is_syllable

# How long a clearer shape is waited for, and how near one is another view of the same movement.
_WAIT_NS, _LONGEST_WAIT_NS = 120_000_000, 700_000_000
_SAME_NS = 350_000_000
# Of a larger movement that was told a movement may be a part, if it is less than this share of it.
_PART = 0.5
# An error of one frame: no other goes this share of its way.
_ALONE = 0.3


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

    @property
    def waits(self) -> bool:
        """Whether something was found that is not told yet."""
        return bool(self._waiting)

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
        shape = self._history.shape() if self._history.has_shape else None
        if shape is not None and self._is_movement(shape):
            self._keep(shape, now_ns)
        told = [spot for spot in first if not self._is_told_of(spot)]
        self._remember(told, now_ns)
        wait_ns = _LONGEST_WAIT_NS if following else _WAIT_NS
        ready = [shape for shape, found_ns in self._waiting if now_ns - found_ns > wait_ns]
        self._waiting = [each for each in self._waiting if each[0] not in ready]
        for shape in sorted(ready, key=lambda each: -each.clearness):
            spot = self._spot(shape)
            if spot is not None and not any(_overlap(spot, each) for each in self._told):
                self._remember([spot], now_ns)
                told.append(spot)
        return told

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

    def _is_told_of(self, spot: Spot) -> bool:
        """Whether a movement of the first look was told, rather than a part of it alone."""
        share = 0.0 if spot.kind is EventKind.MICRO else _PART
        return any(_overlap(spot, each) > share for each in self._told)

    def _is_movement(self, shape: Shape) -> bool:
        options = self._options
        height, noise = shape.peak[cells.EVIDENCE], shape.noise
        own = cells.without_common_motion(height, noise)
        share, factor = cells.OWN_SHARE, shape.factor
        clear = (_size(height) > options.least_px) & (_size(height / noise) > factor)
        clear &= (_size(own) > share * options.least_px) & (_size(own / noise) > share * factor)
        if not clear.any():
            return False
        window = self._history.since(shape.onset_ns - BESIDE_BLINK_NS)
        within = window.times_ns <= shape.offset_ns + BESIDE_BLINK_NS
        if not within.any() or window.blinks[within].any() or _is_of_one_frame(window, shape):
            return False
        return not is_syllable(self._history, shape.onset_ns, shape.peak)

    def _spot(self, shape: Shape) -> Spot | None:
        """The movement between frames, or None where it is too short for these or they are gone."""
        window = self._history.since(0)
        times, frames = window.times_ns, window.indices
        if len(times) < 2 or times[0] > shape.onset_ns:
            return None
        first, middle, last = (
            int(np.abs(times - at).argmin())
            for at in (shape.onset_ns, shape.apex_ns, shape.offset_ns)
        )
        period_ms = float(times[-1] - times[0]) / (len(times) - 1) / 1e6
        duration_ms = float(times[last] - times[first]) / 1e6
        if duration_ms < self._options.shortest_ms(period_ms):
            return None
        return Spot(
            int(times[first]),
            int(times[middle]),
            int(times[last]),
            int(frames[first]),
            int(frames[middle]),
            int(frames[last]),
            self._options.kind_of(duration_ms, period_ms),
            cells.strongest_by_region(_size(shape.peak)),
        )


def _is_of_one_frame(window: PathWindow, shape: Shape) -> bool:
    """Whether the clearest cell goes its way in one frame alone."""
    path, times = window.paths[:, shape.cell], window.times_ns
    rests = path[(times < shape.onset_ns) | (times > shape.offset_ns)]
    within = path[(times >= shape.onset_ns) & (times <= shape.offset_ns)]
    if len(rests) == 0 or len(within) < 3:
        return True
    way = np.sort((within - rests.mean(0)) @ shape.peak[shape.cell])
    return bool(way[-2] < _ALONE * way[-1])


def _overlap(one: Spot, other: Spot) -> float:
    """Intersection over union of two movements' times."""
    shared = min(one.offset_ns, other.offset_ns) - max(one.onset_ns, other.onset_ns)
    whole = max(one.offset_ns, other.offset_ns) - min(one.onset_ns, other.onset_ns)
    return max(shared, 0) / max(whole, 1)


def _size(vectors: cells.Array) -> cells.Array:
    size: cells.Array = np.hypot(*vectors.T)
    return size
