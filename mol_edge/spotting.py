"""When something happened in a face: onset, apex and offset of each movement in a stream.

A movement begins where a part of the face becomes faster than its own noise; it is followed by its
displacement from where it began until that has come back and rests, so that rise and fall are one
event. Then it is measured as a whole: displacement above the line from before to after, projected
on the pattern of its apex, and the times at which that rises and falls. What is too slow and small
to begin so is found by its shape (`second_look.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core, cells
from mol_edge.event import EventKind
from mol_edge.hump import Hump, measure
from mol_edge.motion import Motion
from mol_edge.path_history import PathHistory
from mol_edge.second_look import SecondLook
from mol_edge.spot import Spot, SpotterOptions
from mol_edge.syllables import is_syllable

Array = NDArray[np.float64]


class Spotter:
    """Finds the movements in the motion of one face. Not safe to share between threads.

    All times are taken from the timestamps: any frame rate does, and a changing one.

    Example:
        >>> spotter = Spotter()
        >>> still = [spotter.push(k * 33_333_333, k, Motion.still()) for k in range(90)]
        >>> sum(still, [])
        []
    """

    def __init__(self, options: SpotterOptions | None = None) -> None:
        self._options = options = options or SpotterOptions()
        self._history = PathHistory(
            options.most_ms + 1500, options.least_px, _CLEARER * options.noise_factor
        )
        self._second_look = SecondLook(self._history, options)
        self._began_ns: int | None = None
        self._free_from_ns = 0
        self._moved_ns = 0
        self._looked_within_ns = 0

    def restart(self) -> None:
        """Another segment begins: no event spans what came before and what comes after."""
        self._history.restart()
        self._second_look.restart()
        self._began_ns = None
        self._free_from_ns = 0

    def push(self, timestamp_ns: int, index: int, motion: Motion | None) -> list[Spot]:
        """Take the motion that ends at a frame.

        Args:
            timestamp_ns: capture time of the frame; one that does not rise restarts.
            index: the frame's position in the source.
            motion: what moved since `motion.since_ns`, where that is None since the frame before;
                None, as for a stream's first frame, restarts.

        Returns:
            The movements that are known to have ended by this frame.

        Raises:
            OptionError: the timestamp is below 0.
        """
        if motion is None:
            self.restart()
            return []
        if not self._history.add(timestamp_ns, index, motion):
            self.restart()
            self._history.add(timestamp_ns, index, motion)
        if self._history.span_ms < self._options.learn_ms:
            self._history.learn_noise()
            return []
        spots: list[Spot] = []
        if self._began_ns is None:
            self._begin_if_moving(timestamp_ns)
        else:
            spots = self._follow(timestamp_ns)
        if spots or self._history.has_shape or self._second_look.waits:
            spots = self._second_look.push(timestamp_ns, spots, self._began_ns is not None)
            if self._began_ns is None:
                ends = [spot.offset_ns for spot in spots]
                self._free_from_ns = max([self._free_from_ns, *ends])
        return spots

    def _begin_if_moving(self, now_ns: int) -> None:
        self._history.learn_noise()
        began_ns = now_ns - round(1e6 * self._history.lag_ms)
        # Speed so soon after an event is still that of its end.
        if began_ns >= self._free_from_ns and self._is_moving():
            self._began_ns, self._moved_ns = began_ns, now_ns

    def _is_moving(self) -> bool:
        return self._history.moves(_SLOWEST_PX, self._options.noise_factor)

    def _deviations(self, moved: Array, least_px: Array) -> Array:
        """Cells' displacement [cells, 2] in deviations of noise, [cells]; 0 up to least ones."""
        # A few quiet seconds do not make a noisy camera quiet.
        deviations = np.hypot(*(moved / self._history.wary_noise).T)
        far: Array = np.where(np.hypot(*moved.T) > least_px, deviations, 0)
        return far

    def _is_alone(self, hump: Hump) -> bool:
        """Whether a short movement is one of its own, rather than a part of others."""
        one = hump.beside < _RESTLESS and hump.explained > _OF_ONE_PATTERN
        return one and not is_syllable(self._history, hump.onset_ns, hump.peak)

    def _follow(self, now_ns: int) -> list[Spot]:
        assert self._began_ns is not None
        options = self._options
        window = self._history.since(max(self._free_from_ns, self._began_ns - _BEFORE_NS))
        hump = measure(window, self._began_ns, self._history.noise)
        if self._is_moving():
            self._moved_ns = now_ns
        too_long = (
            now_ns - self._moved_ns > _HELD_NS or now_ns - self._began_ns > options.most_ms * 1e6
        )
        spots = self._judge(hump) if hump is not None and hump.ended else []
        if not spots or spots[0].kind is EventKind.MACRO:
            spots = self._within(now_ns) or spots
        if spots:
            self._end(now_ns)
            return spots
        if too_long:
            self._end(now_ns)
        return []

    def _within(self, now_ns: int) -> list[Spot]:
        """A short movement that has just ended within a longer one, as upon a head that turns."""
        assert self._began_ns is not None
        # It takes four measurements, which fast cameras would ask for more often than they tell.
        if abs(now_ns - self._looked_within_ns) < _WITHIN_EVERY_NS:
            return []
        self._looked_within_ns = now_ns
        for back_ns in _WITHIN_NS:
            began_ns = now_ns - back_ns
            if began_ns < self._began_ns + _LATER_NS:
                break
            window = self._history.since(max(self._free_from_ns, began_ns - _BEFORE_NS))
            hump = measure(window, began_ns, self._history.noise)
            if hump is None or not hump.ended or hump.step > _STEP_WITHIN:
                continue
            spots = self._judge(hump, _CLEARER_WITHIN)
            if spots and spots[0].kind is EventKind.MICRO:
                return spots
        return []

    def _end(self, now_ns: int) -> None:
        self._began_ns = None
        self._free_from_ns = now_ns

    def _judge(self, hump: Hump, clearer: float = 1.0) -> list[Spot]:
        options = self._options
        duration_ms = (hump.offset_ns - hump.onset_ns) / 1e6
        least_px = np.full(cells.COUNT, options.least_px)
        if hump.blinked:
            least_px = np.maximum(least_px, _blink_leak(hump.peak, self._history.blink_leak))
        own = cells.without_common_motion(hump.peak, self._history.noise)
        far = self._deviations(hump.peak, least_px)
        far_alone = self._deviations(own, cells.OWN_SHARE * least_px)
        clearest = float(np.minimum(far, far_alone)[cells.EVIDENCE].max())
        # What rests elsewhere than it came from stands out from one of the two rests by less.
        factor = clearer * options.noise_factor
        prominent = clearest * (1 - hump.step) > _PROMINENT * factor
        least_ms = options.shortest_ms(hump.period_ms)
        if clearest <= factor or not prominent or duration_ms < least_ms:
            return []
        kind = options.kind_of(duration_ms, hump.period_ms)
        if kind is EventKind.MICRO and not self._is_alone(hump):
            return []
        return [
            Spot(
                hump.onset_ns,
                hump.apex_ns,
                hump.offset_ns,
                hump.onset,
                hump.apex,
                hump.offset,
                kind,
                cells.strongest_by_region(np.hypot(*hump.peak.T)),
            )
        ]


def _blink_leak(peak: Array, learned: Array | None) -> Array:
    """How far a blink can seem to move each cell, by what is known of any and of this face."""
    lids = float(np.hypot(*peak[cells.LIDS].T).max())
    leak = np.full(cells.COUNT, _BLINK_LEAK * lids)
    leak[cells.BROWS] = lids  # beside them
    least: Array = np.maximum(leak, _BLINK_LEAK_PX)
    if learned is None:
        return least
    # Lids that close farther than in the blinks that were learned from move the rest farther.
    farther = max(1.0, _core.BLINKS_DIFFER * lids / float(learned[cells.LIDS].max()))
    return np.minimum(least, farther * learned)


_SLOWEST_PX = 0.12
# Share of the deviations asked for by which a movement stands out from either rest beside it.
_PROMINENT = 0.73
# How far the parts that a short movement moves may go just before and after it, in parts of its
# height, and the least share of its energy along the pattern of its apex.
_RESTLESS, _OF_ONE_PATTERN = 0.4, 0.65
# Deviations that a shape has to exceed, times those of a speed: it is looked for in more ways.
_CLEARER = 1.1
# While lids close, the fit of the head errs elsewhere by this share of their way, and by so much
# however little they are seen.
_BLINK_LEAK, _BLINK_LEAK_PX = 0.5, 0.6
_BEFORE_NS = 250_000_000
# Within a longer movement a short one is looked for from so long ago on, unless that movement has
# just begun; how many times the deviations asked for it must exceed, and how far at most it may
# rest from where it came, in parts of its height.
_WITHIN_NS = (300_000_000, 400_000_000, 500_000_000, 600_000_000)
_LATER_NS, _WITHIN_EVERY_NS = 100_000_000, 30_000_000
_CLEARER_WITHIN, _STEP_WITHIN = 1.75, 0.4
# Where nothing moves for so long, the face has taken another posture.
_HELD_NS = 600_000_000
