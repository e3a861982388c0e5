"""The rhythm of a stream: how far apart samples lie, and where the stream is broken."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from enum import Enum

from mol_edge._numbers import is_whole
from mol_edge.errors import InputError
from mol_edge.frame import MOST_NS
from mol_edge.windows import PAIRS, is_fast_enough, step_for

_REMEMBERED = 30
_SETTLED = 15
_SHORTEST_NS = 100_000
_SLACK = 1.001

# How far the ratio must leave the step before the step follows, so that jitter moves nothing.
_HYSTERESIS = 0.1


class SegmentReason(str, Enum):
    """Why no window or flow spans what came before a frame and what comes after."""

    START = "start"
    BACKWARD = "backward"
    REPEATED = "repeated"
    GAP = "gap"
    SIZE_CHANGED = "size_changed"
    REALIGNED = "realigned"


class Scale:
    """The spacing of one window's samples: a whole number of frames, and its time.

    Args:
        window_ms: time wanted from the first to the last of a window's 8 samples.

    Attributes:
        step: frames from one sample to the next, or 0 until the period is known.
        spacing_ns: time from one sample to the next, or 0.
        fast_enough: whether 8 distinct frames fit the window; True until the period is known.
    """

    def __init__(self, window_ms: float) -> None:
        self.window_ms = window_ms
        self.step = 0
        self.spacing_ns = 0.0
        self.fast_enough = True

    def follow(self, period_ns: float, settled: bool) -> None:
        """Take the camera's period; a step once settled stays until the ratio clearly leaves it."""
        if self.step == 0 or not settled or self._has_left(period_ns):
            self.step = step_for(self.window_ms, period_ns)
        self.spacing_ns = self.step * period_ns
        self.fast_enough = is_fast_enough(self.window_ms, period_ns)

    def largest_deviation_ns(self, period_ns: float) -> float:
        """How far a sample may lie from its time: half of the longest interval that is no gap."""
        return period_ns * (1 + self.step / 2) / 2 * _SLACK

    def _has_left(self, period_ns: float) -> bool:
        most = step_for(self.window_ms, period_ns * (1 - _HYSTERESIS))
        least = step_for(self.window_ms, period_ns * (1 + _HYSTERESIS))
        return not least <= self.step <= most


class Cadence:
    """Follows the timestamps of one source.

    The camera's period is the mean of its last 30 intervals without those that are far from their
    median (a dropped frame doubles one), or `period_ns` until there are two frames. A timestamp
    that does not rise, or an interval that is longer than the period by more than half a step of
    the longest window, breaks the stream into segments; no window spans two. A long interval that
    repeats is a camera that has slowed down, not a break.

    Not safe to share between threads.

    Args:
        windows_ms: times wanted from the first to the last of a window's 8 samples.
        period_ns: nominal time between two frames, where the source states one.

    Example:
        >>> cadence = Cadence([350])
        >>> for time in (0, 50_000_000, 100_000_000, 300_000_000):
        ...     reason = cadence.update(time)
        >>> cadence.scales[0].step, reason.value
        (1, 'gap')
    """

    def __init__(self, windows_ms: Sequence[float], period_ns: int | None = None) -> None:
        self.scales = tuple(Scale(window_ms) for window_ms in windows_ms)
        self._period_ns: float | None = None
        self._last_gap_ns: int | None = None
        self._last_ns: int | None = None
        self._intervals: deque[int] = deque(maxlen=_REMEMBERED)
        if period_ns:
            self._set_period(period_ns, settled=False)

    @property
    def period_ns(self) -> float | None:
        """Time between two frames, or None until two have come."""
        return self._period_ns

    def update(self, timestamp_ns: int) -> SegmentReason | None:
        """Take the next frame's timestamp; why a new segment starts with it, or None.

        Raises:
            InputError: the timestamps are not in whole nanoseconds, or leave 64 bits.
        """
        if not is_whole(timestamp_ns, 0) or timestamp_ns >= MOST_NS:
            raise InputError(
                "A timestamp must be whole nanoseconds from 0 to below 2 to the power of 62, got "
                f"{timestamp_ns!r}."
            )
        reason = self._break(timestamp_ns)
        if reason is not None:
            self._intervals.clear()
        elif self._last_ns is not None:
            self._intervals.append(timestamp_ns - self._last_ns)
            self._follow()
        self._last_ns = timestamp_ns
        return reason

    def is_gap(self, interval_ns: float) -> bool:
        """Whether so long an interval between two frames moves a sample too far."""
        if self._period_ns is None:
            return False
        step = max(scale.step for scale in self.scales)
        return interval_ns > self._period_ns * (1 + step / 2) * _SLACK

    def _break(self, timestamp_ns: int) -> SegmentReason | None:
        if self._last_ns is None:
            return None
        interval = timestamp_ns - self._last_ns
        if interval <= 0:
            self._last_gap_ns = None
            return SegmentReason.REPEATED if interval == 0 else SegmentReason.BACKWARD
        if not self.is_gap(interval) or self._has_slowed(interval):
            return None
        self._last_gap_ns = interval
        return SegmentReason.GAP

    def _has_slowed(self, interval: int) -> bool:
        """Whether a long interval follows one like it: the camera's rhythm, not a gap."""
        if self._intervals or self._last_gap_ns is None:
            return False
        return interval <= 1.5 * self._last_gap_ns

    def _follow(self) -> None:
        intervals = sorted(self._intervals)
        middle = intervals[len(intervals) // 2]
        shortest = bisect_left(intervals, (middle + 1) // 2)
        usual = intervals[shortest : bisect_right(intervals, 3 * middle // 2)]
        period = sum(usual) / len(usual)
        if period < _SHORTEST_NS and len(intervals) > PAIRS:
            raise InputError(
                f"Frames must come at most every {_SHORTEST_NS // 1000} microseconds, got one "
                f"each {period:.0f} ns: give timestamps in nanoseconds."
            )
        self._set_period(max(period, _SHORTEST_NS), settled=len(intervals) >= _SETTLED)

    def _set_period(self, period_ns: float, settled: bool) -> None:
        if settled and period_ns == self._period_ns:
            return
        self._period_ns = period_ns
        for scale in self.scales:
            scale.follow(period_ns, settled)
