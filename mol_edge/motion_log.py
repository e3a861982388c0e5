"""How the parts of a face moved along a run, in little memory however long it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import OptionError
from mol_edge.results import Event, FaceResult, FrameResult

# Left and right move together: one row of a timeline stands for both.
ROWS: Mapping[str, tuple[str, ...]] = {
    "brows": ("left_brow", "right_brow"),
    "eyes": ("left_eye", "right_eye"),
    "nose": ("nose_wings",),
    "mouth": ("mouth",),
    "chin": ("chin",),
}
_MOST_EVENTS = 2000
_LONGEST_HOLE_NS = 250_000_000


def row_values(face: FaceResult | None) -> NDArray[np.float32]:
    """Motion of a face by `ROWS`, float32 [rows], crop pixels; not a number where there is none.

    Example:
        >>> row_values(None).shape
        (5,)
    """
    if face is None or face.motion is None:
        return np.full(len(ROWS), np.nan, np.float32)
    motion = face.motion
    values = [max(motion.get(name, 0.0) for name in names) for names in ROWS.values()]
    return np.array(values, np.float32)


def shown_face(result: FrameResult) -> FaceResult | None:
    """The face that a timeline is about: the first."""
    return result.faces[0] if result.faces else None


@dataclass
class RecentMotion:
    """The last seconds of a run, frame by frame.

    Attributes:
        seconds: how long.
        times_s: of the frames.
        values: motion by row, float32 [rows], of each.
        events: movements that ended within them.
        count: movements since the run began.
    """

    seconds: float = 6.0
    times_s: deque[float] = field(default_factory=deque)
    values: deque[NDArray[np.float32]] = field(default_factory=deque)
    events: deque[Event] = field(default_factory=deque)
    count: int = 0

    def add(self, result: FrameResult) -> None:
        """Take the next frame; a clock that goes back begins anew."""
        now = result.timestamp_ns / 1e9
        if self.times_s and now <= self.times_s[-1]:
            self.times_s.clear()
            self.values.clear()
            self.events.clear()
        self.times_s.append(now)
        self.values.append(row_values(shown_face(result)))
        self.events.extend(result.events)
        self.count += len(result.events)
        oldest = now - self.seconds - 1e-6
        while self.times_s[0] < oldest:
            self.times_s.popleft()
            self.values.popleft()
        while self.events and self.events[0].offset_ns / 1e9 < oldest:
            self.events.popleft()


class MotionLog:
    """A whole run: the strongest motion by row in equal spans of time, which double when full.

    Args:
        bins: how many spans at most, an even number.
        bin_ms: length of a span at first.

    Attributes:
        events: the movements, at most 2000, the oldest go first.
        dropped_events: how many have gone.

    Raises:
        OptionError: an argument is out of range.

    Example:
        >>> log = MotionLog(bins=4, bin_ms=100)
        >>> for index in range(9):
        ...     log.add(FrameResult(index, index * 100_000_000))
        >>> log.seconds, log.bin_s, log.values.shape
        (0.8, 0.4, (3, 5))
    """

    def __init__(self, bins: int = 2048, bin_ms: float = 20) -> None:
        if bins < 2 or bins % 2 or not bin_ms > 0:
            raise OptionError(
                f"MotionLog needs an even number of bins and a length above 0, got {bins} bins "
                f"of {bin_ms} ms."
            )
        self._values = np.full((bins, len(ROWS)), np.nan, np.float32)
        self._bin_ns = bin_ms * 1e6
        self._start_ns: int | None = None
        self._last_ns = 0
        self._used = 0
        self.events: deque[Event] = deque(maxlen=_MOST_EVENTS)
        self.dropped_events = 0

    @property
    def bin_s(self) -> float:
        """Length of a span, seconds."""
        return self._bin_ns / 1e9

    @property
    def start_s(self) -> float:
        """Time of the first frame."""
        return (self._start_ns or 0) / 1e9

    @property
    def seconds(self) -> float:
        """Time from the first frame to the latest."""
        return (self._last_ns - (self._start_ns or 0)) / 1e9

    @property
    def values(self) -> NDArray[np.float32]:
        """Strongest motion by span and row, float32 [spans, rows]; not a number where none was."""
        return self._values[: self._used]

    def add(self, result: FrameResult) -> None:
        """Take the next frame; one from before the first is left out."""
        if self._start_ns is None:
            self._start_ns = self._last_ns = result.timestamp_ns
        self.dropped_events += max(0, len(self.events) + len(result.events) - _MOST_EVENTS)
        self.events.extend(result.events)
        since = result.timestamp_ns - self._start_ns
        if since < 0:
            return
        self._last_ns = max(self._last_ns, result.timestamp_ns)
        while since >= self._bin_ns * len(self._values):
            self._halve()
        at, values = int(since // self._bin_ns), row_values(shown_face(result))
        if 0 < self._used < at <= self._used + _LONGEST_HOLE_NS / self._bin_ns:
            # Spans between two frames of a camera that is slower than them.
            self._values[self._used : at] = values
        self._used = max(self._used, at + 1)
        self._values[at] = np.fmax(self._values[at], values)

    def _halve(self) -> None:
        half = len(self._values) // 2
        self._values[:half] = np.fmax(self._values[0::2], self._values[1::2])
        self._values[half:] = np.nan
        self._bin_ns *= 2
        self._used = (self._used + 1) // 2
