"""The shape of one movement: how far it went, when it rose, and when it had come back."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mol_edge import cells
from mol_edge.path_history import PathWindow

Array = NDArray[np.float64]

_MS = 1_000_000
_SMOOTH_MS = 34.0
# A movement rests where it changes by less than this share of its height over a time that is the
# longer the slower it is.
_RESTING = 0.12
_RESTING_MS = 80.0
_RESTING_SHARE = 0.2
_LONGEST_REST_MS = 250.0
# It has come back where less of it is left than this; a step goes as far below the line from its
# beginning to its end as above it, a hump does not.
_BACK = 0.6
_DIP = 0.5
# A tremor upon a larger movement is no movement of its own: least share of the larger one's energy.
_MAIN = 0.1
# Onset lies before the time between 30 and 70% of the rise by this share of it: between a line's
# 0.75 and a cosine's 1.41. Offset likewise. Lower down video codecs let a movement creep back.
_LOW, _HIGH, _FOOT = 0.3, 0.7, 1.08
_LEVEL_MS = 150.0


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
    times = (window.times_ns - began_ns) / _MS
    now = float(times[-1])
    if len(times) < 4 or now < _RESTING_MS or times[0] > 0:
        return None
    paths = _smoothed(times, window.paths)
    resting_ms = float(np.clip(_RESTING_SHARE * now, _RESTING_MS, _LONGEST_REST_MS))
    end = now - 0.5 * _RESTING_MS
    since = (times >= 0) & (times <= end)
    if not since.any():
        return None  # frames so far apart that none lies within
    # Above the line from before it to now, so that a head that goes on turning is no hindrance.
    moved = paths - _baseline(times, paths, 0.0, end)
    course, apex, pattern = _project(moved, noise, since)
    is_hump = bool(course[since].min() > -_DIP) and now - times[apex] > 0.5 * _RESTING_MS
    if is_hump and _rests(course[times > now - resting_ms]):
        away = paths - paths[times <= 0].mean(0)
        plain = _along(away, pattern, noise)
        back = abs(float(plain[times > now - resting_ms].mean())) < _BACK
        if back and _energy(moved, noise)[apex] > _MAIN * _energy(away, noise).max():
            return _whole(window, times, paths, noise)
    return Hump()


def _rests(course: Array) -> bool:
    half = len(course) // 2
    return abs(float(course[half:].mean() - course[:half].mean())) < _RESTING if half else False


def _smoothed(times: Array, paths: Array) -> Array:
    """Means over about `_SMOOTH_MS`, centred."""
    period = (times[-1] - times[0]) / (len(times) - 1)
    reach = int(_SMOOTH_MS / period / 2)
    if reach == 0:
        return paths
    padded = np.concatenate([paths[:1].repeat(reach, 0), paths, paths[-1:].repeat(reach, 0)])
    sums = np.cumsum(np.concatenate([np.zeros_like(padded[:1]), padded]), axis=0)
    size = 2 * reach + 1
    smooth: Array = (sums[size:] - sums[:-size]) / size
    return smooth


def _project(moved: Array, noise: Array, within: NDArray[np.bool_]) -> tuple[Array, int, Array]:
    """Course [n] of a displacement [n, cells, 2] along the pattern it has where it is strongest."""
    apex = int(np.argmax(np.where(within, _energy(moved, noise), -1)))
    return _along(moved, moved[apex], noise), apex, moved[apex]


def _energy(moved: Array, noise: Array) -> Array:
    """Squared deviations of displacements [n, cells, 2], summed: [n]."""
    evidence = (moved / noise)[:, cells.EVIDENCE]
    energy: Array = np.einsum("nij,nij->n", evidence, evidence)
    return energy


def _along(moved: Array, pattern: Array, noise: Array) -> Array:
    """Displacements [n, cells, 2] in parts of a pattern [cells, 2], [n]."""
    weighted = (pattern / np.square(noise))[cells.EVIDENCE]
    size = float(np.einsum("ij,ij->", pattern[cells.EVIDENCE], weighted))
    course: Array = np.einsum("nij,ij->n", moved[:, cells.EVIDENCE], weighted) / max(size, 1e-12)
    return course


def _whole(window: PathWindow, times: Array, paths: Array, noise: Array) -> Hump:
    """The measures of a movement that has ended, above the line from before it to after it."""
    onset, offset = 0.0, float(times[-1]) - 0.5 * _RESTING_MS
    for _ in range(2):
        moved = paths - _baseline(times, paths, onset, offset)
        within = (times >= onset) & (times <= offset)
        if not within.any():
            return Hump(ended=True, peak=np.zeros_like(noise))
        course, apex, pattern = _project(moved, noise, within)
        onset = _foot(times[: apex + 1][::-1], course[: apex + 1][::-1])
        offset = _foot(times[apex:], course[apex:])
    first, middle, last = (int(np.abs(times - at).argmin()) for at in (onset, times[apex], offset))
    stamps, frames = window.times_ns, window.indices
    moved = paths - _baseline(times, paths, times[first], times[last])
    course = _along(moved, pattern, noise)
    whole = slice(first, last + 1)
    energy = float(np.square(course[whole]).sum()) * _energy(pattern[np.newaxis], noise)[0]
    return Hump(
        ended=True,
        onset_ns=int(stamps[first]),
        apex_ns=int(stamps[middle]),
        offset_ns=int(stamps[last]),
        onset=int(frames[first]),
        apex=int(frames[middle]),
        offset=int(frames[last]),
        period_ms=float(times[-1] - times[0]) / (len(times) - 1),
        blinked=bool(window.blinks[whole].any()),
        step=_step(times, paths, pattern, noise, first, last),
        beside=float(np.ptp(np.delete(course, np.arange(first + 1, last)))),
        explained=energy / max(float(_energy(moved[whole], noise).sum()), 1e-12),
        peak=pattern,
    )


def _step(times: Array, paths: Array, pattern: Array, noise: Array, first: int, last: int) -> float:
    """How far the rest after a movement lies from the rest before it, in parts of its pattern."""
    before = paths[: first + 1][times[: first + 1] >= times[first] - _LEVEL_MS].mean(0)
    rest = _along(paths[last:] - before, pattern, noise)
    return abs(float(rest.mean()))


def _baseline(times: Array, paths: Array, onset: float, offset: float) -> Array:
    """The line from the mean before the onset to the mean after the offset, [n, cells, 2]."""
    before = (times <= onset) & (times >= onset - _LEVEL_MS)
    after = (times >= offset) & (times <= offset + _LEVEL_MS)
    first = paths[before].mean(0) if before.any() else paths[0]
    last = paths[after].mean(0) if after.any() else paths[-1]
    share = np.clip((times - onset) / max(offset - onset, 1.0), 0, 1)[:, np.newaxis, np.newaxis]
    line: Array = first + share * (last - first)
    return line


def _foot(times: Array, course: Array) -> float:
    """When a course that leaves its apex reaches the ground, by its way from 70 to 30%."""
    high, low = _crossing(times, course, _HIGH), _crossing(times, course, _LOW)
    foot = low + _FOOT * (low - high)
    return float(np.clip(foot, min(times[0], times[-1]), max(times[0], times[-1])))


def _crossing(times: Array, course: Array, level: float) -> float:
    """When a course first falls below a level; its end where it never does."""
    below = np.flatnonzero(course < level)
    if len(below) == 0 or below[0] == 0:
        return float(times[-1] if len(below) == 0 else times[0])
    after = int(below[0])
    share = (course[after - 1] - level) / (course[after - 1] - course[after])
    return float(times[after - 1] + share * (times[after] - times[after - 1]))
