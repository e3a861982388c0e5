"""The rhythm of a stream: how many frames lie between two samples, and where it is broken."""

from __future__ import annotations

from collections import deque

from mol_edge.errors import InputError
from mol_edge.windows import PAIRS, frames_per_sample, is_fast_enough, step_for

# Between 0.5 and 1, so that a camera at the border of two steps keeps the one it has.
_HYSTERESIS = 0.6
_REMEMBERED = 31
_SHORTEST_NS = 100_000


class Cadence:
    """Follows the timestamps of one stream.

    The camera's period is the mean of its last 30 intervals, or `period_ns` until there are
    two frames. A timestamp that does not rise, or an interval that is longer than the period by
    more than half a sample step, breaks the stream into segments; no window spans two. A long
    interval that repeats is a camera that has slowed down, not a break.

    Not safe to share between threads.

    Args:
        window_ms: time wanted from the first to the last of a window's 8 samples.
        period_ns: nominal time between two frames, where the source states one.

    Example:
        >>> cadence = Cadence(window_ms=350)
        >>> [cadence.update(time) for time in (0, 50_000_000, 100_000_000, 300_000_000)]
        [False, False, False, True]
        >>> cadence.step
        1
    """

    def __init__(self, window_ms: float, period_ns: int | None = None) -> None:
        self._window_ms = window_ms
        self._period_ns: float | None = period_ns
        self._last_gap_ns: int | None = None
        self._times: deque[int] = deque(maxlen=_REMEMBERED)
        self.step = step_for(window_ms, period_ns) if period_ns else 0

    @property
    def period_ns(self) -> float | None:
        """Time between two frames, or None until two have come."""
        return self._period_ns

    @property
    def fast_enough(self) -> bool:
        """Whether 8 distinct frames fit the window; True until the period is known."""
        return self._period_ns is None or is_fast_enough(self._window_ms, self._period_ns)

    def update(self, timestamp_ns: int) -> bool:
        """Take the next frame's timestamp; whether a new segment starts with it."""
        broken = self._is_break(timestamp_ns)
        if broken:
            self._times.clear()
        self._times.append(timestamp_ns)
        if len(self._times) > 1:
            self._follow()
        return broken

    def _is_break(self, timestamp_ns: int) -> bool:
        if not self._times:
            return False
        interval = timestamp_ns - self._times[-1]
        if interval <= 0:
            self._last_gap_ns = None
            return True
        if self._period_ns is None or interval <= self._period_ns * (1 + self.step / 2):
            return False
        if self._has_slowed(interval):
            return False
        self._last_gap_ns = interval
        return True

    def _has_slowed(self, interval: int) -> bool:
        """Whether a long interval follows one like it: the camera's rhythm, not a gap."""
        only_frame = len(self._times) == 1
        return only_frame and self._last_gap_ns is not None and interval <= 1.5 * self._last_gap_ns

    def _follow(self) -> None:
        intervals = len(self._times) - 1
        period = (self._times[-1] - self._times[0]) / intervals
        if period < _SHORTEST_NS and intervals > PAIRS:
            raise InputError(
                f"Frames must come at most every {_SHORTEST_NS // 1000} microseconds, got one "
                f"each {period:.0f} ns: give timestamps in nanoseconds."
            )
        self._period_ns = period = max(period, _SHORTEST_NS)
        ratio = frames_per_sample(self._window_ms, period)
        if self.step == 0 or abs(ratio - self.step) > _HYSTERESIS:
            self.step = step_for(self._window_ms, period)
