"""Where the cells of a face have been in the last seconds, how fast they are and how noisy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mol_edge import cells
from mol_edge.motion import Motion

Array = NDArray[np.float64]
Times = NDArray[np.int64]

# Speed is the displacement over this time, between means over the shorter one.
LAG_NS = 100_000_000
SMOOTH_NS = 33_000_000
_NOISE_NS = 3_000_000_000
# Noise that grows is noticed sooner than noise that falls.
_RECENT_NS = 700_000_000
_LEARN_EVERY_NS = 200_000_000
_LEAST_NOISE_PX = 0.012
# Of a normal distribution: its deviation over the median of its absolute values.
_DEVIATIONS_OF_MEDIAN = 1.4826
_FIRST_NOISE_PX = 0.05

# Lids hide the eyes that were found before, or close faster than anything else moves.
_HIDDEN = 0.5
_CLOSING_PX = 0.6
_CLOSING_RATIO = 2.0
# What lies beside a blink in time is spoilt by it as well.
_BESIDE_BLINK_NS = 40_000_000
_LONGEST_BLINK_NS = 700_000_000


@dataclass(frozen=True)
class PathWindow:
    """Rows of a history, oldest first.

    Attributes:
        times_ns: int64 [n].
        indices: int64 [n], positions of the frames in the source.
        paths: float64 [n, cells, 2], pixels; what a blink spoils is bridged by a line.
        blinks: bool [n].
    """

    times_ns: Times
    indices: Times
    paths: Array
    blinks: NDArray[np.bool_]


class PathHistory:
    """A ring of the cells' places. Not safe to share between threads."""

    lag_ms = (LAG_NS + SMOOTH_NS) / 1e6

    def __init__(self, keep_ms: float) -> None:
        self._keep_ns = round(keep_ms * 1e6)
        self.noise: Array = np.full((cells.COUNT, 2), _FIRST_NOISE_PX)
        self._allocate(512)
        self.restart()

    def _allocate(self, rows: int) -> None:
        self._times = np.zeros(rows, np.int64)
        self._indices = np.zeros(rows, np.int64)
        self._paths = np.zeros((rows, cells.COUNT, 2))
        self._speeds = np.zeros((rows, cells.COUNT, 2))
        self._blinks = np.zeros(rows, np.bool_)
        self._still = np.zeros(rows, np.bool_)

    def restart(self) -> None:
        """Forget the paths; what was learned of noise stays."""
        self._first = self._end = 0
        self._eyes = 0.0
        self._eyes_seen_ns = 0
        self._learned_ns = 0
        self._cells = cells.CellPaths()

    @property
    def span_ms(self) -> float:
        """Time from the oldest to the newest row."""
        if self._end == self._first:
            return 0.0
        return float(self._times[self._end - 1] - self._times[self._first]) / 1e6

    @property
    def speed(self) -> Array:
        """Displacement [cells, 2] over the last tenth of a second, pixels."""
        speed: Array = self._speeds[self._end - 1]
        return speed

    @property
    def trusted(self) -> NDArray[np.bool_]:
        """Which cells' speed says something now."""
        trusted = self._cells.seen.copy()
        last = self._times[self._end - 1]
        recent = slice(self._row_at(last - LAG_NS - SMOOTH_NS - _BESIDE_BLINK_NS), self._end)
        if self._blinks[recent].any():
            trusted[cells.BROWS] = False
        return trusted

    def add(self, timestamp_ns: int, index: int, motion: Motion) -> bool:
        """Take the next frame's motion; False where it does not join what is known."""
        if self._end == self._first:
            since = timestamp_ns if motion.since_ns is None else motion.since_ns
            self._cells.start(since)
            if motion.since_ns is None:
                self._append(timestamp_ns, index)
                return True
        elif timestamp_ns <= self._times[self._end - 1]:
            return False
        if not self._cells.add(timestamp_ns, motion):
            return False
        at = self._append(timestamp_ns, index)
        self._speeds[at] = self._speed_at(at)
        self._blinks[at] = self._is_blink(at, cells.eye_confidence(motion))
        return True

    def since(self, time_ns: int) -> PathWindow:
        """The rows from some time on."""
        rows = slice(self._row_at(time_ns), self._end)
        times, blinks = self._times[rows], self._blinks[rows]
        paths = self._paths[rows]
        if blinks.any():
            paths = _bridged(times, paths, blinks)
        return PathWindow(times, self._indices[rows], paths, blinks)

    def learn_noise(self) -> None:
        """Count the newest row as one of a still face."""
        last = self._end - 1
        now = int(self._times[last])
        self._still[last] = not self._blinks[last]
        if now - self._learned_ns < _LEARN_EVERY_NS:
            return
        self._learned_ns = now
        self.noise = np.maximum(self._deviation(_NOISE_NS), self._deviation(_RECENT_NS))

    def _deviation(self, span_ns: int) -> Array:
        """Deviation [cells, 2] of the still face's speed in the last `span_ns`, if known."""
        now, oldest = int(self._times[self._end - 1]), int(self._times[self._first])
        rows = slice(self._row_at(max(now - span_ns, oldest + LAG_NS)), self._end)
        speeds = self._speeds[rows][self._still[rows]]
        if len(speeds) < _LEAST_STILL:
            return self.noise
        # As np.median, in a tenth of its time.
        middle = len(speeds) // 2
        median = np.partition(np.abs(speeds), middle, axis=0)[middle]
        deviation: Array = np.maximum(_DEVIATIONS_OF_MEDIAN * median, _LEAST_NOISE_PX)
        return deviation

    def _append(self, timestamp_ns: int, index: int) -> int:
        while self._end > self._first and (timestamp_ns - self._times[self._first] > self._keep_ns):
            self._first += 1
        if self._end == len(self._times):
            self._make_room()
        at = self._end
        self._times[at], self._indices[at], self._paths[at] = timestamp_ns, index, self._cells.path
        self._speeds[at], self._blinks[at], self._still[at] = 0, False, False
        self._end += 1
        return at

    def _make_room(self) -> None:
        kept = slice(self._first, self._end)
        columns = (
            self._times, self._indices, self._paths, self._speeds, self._blinks, self._still
        )  # fmt: skip
        rows = [column[kept].copy() for column in columns]
        count = len(rows[0])
        if 2 * count > len(self._times):
            self._allocate(2 * len(self._times))
            columns = (
                self._times, self._indices, self._paths, self._speeds, self._blinks, self._still
            )  # fmt: skip
        for column, values in zip(columns, rows):
            column[:count] = values
        self._first, self._end = 0, count

    def _row_at(self, time_ns: int) -> int:
        """The first row at or after a time."""
        times = self._times[self._first : self._end]
        return self._first + int(np.searchsorted(times, time_ns))

    def _mean_path(self, until_ns: int) -> Array:
        end = max(self._row_at(until_ns + 1), self._first + 1)
        start = min(self._row_at(until_ns - SMOOTH_NS + 1), end - 1)
        mean: Array = np.add.reduce(self._paths[start:end]) / (end - start)
        return mean

    def _speed_at(self, row: int) -> Array:
        now = int(self._times[row])
        return self._mean_path(now) - self._mean_path(now - LAG_NS)

    def _is_blink(self, row: int, eyes: float) -> bool:
        now = int(self._times[row])
        if eyes > _HIDDEN * self._eyes or now - self._eyes_seen_ns > _LONGEST_BLINK_NS:
            self._eyes_seen_ns = now
            self._eyes = max(eyes, 0.9 * self._eyes) if eyes > _HIDDEN * self._eyes else eyes
        else:
            return True
        before = self._paths[self._row_at(now - LAG_NS), :, 1]
        moved = self._paths[row, :, 1] - before
        closing = abs(float(moved[cells.UPPER_LIDS].mean() - moved[cells.LOWER_LIDS].mean()))
        elsewhere = float(np.abs(self._speeds[row, cells.EVIDENCE]).max())
        return closing > max(_CLOSING_PX, _CLOSING_RATIO * elsewhere)


_LEAST_STILL = 8


def _bridged(times: Times, paths: Array, blinks: NDArray[np.bool_]) -> Array:
    """Paths whose brows go straight from before a blink to after it."""
    closed = times[blinks]
    nearest = np.abs(times[:, np.newaxis] - closed).min(1)
    good = nearest > _BESIDE_BLINK_NS
    if not good.any():
        return paths
    bridged = paths.copy()
    known = times[good].astype(np.float64)
    for cell in range(*cells.BROWS.indices(cells.COUNT)):
        for axis in (0, 1):
            bridged[~good, cell, axis] = np.interp(
                times[~good].astype(np.float64), known, paths[good, cell, axis]
            )
    return bridged
