"""Which frames the network looks at: 8 samples of a stream, or of a segmented clip."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import floor, sqrt

from mol_edge.errors import InputError, OptionError

SAMPLES = 8
PAIRS = SAMPLES - 1

# A camera of 20 frames per second just fits 350 ms, with jitter in its timestamps too.
_JITTER = 1.05


def step_for(window_ms: float, period_ns: float) -> int:
    """Frames from one sample of a window to the next, at least 1.

    window / (7 · period), rounded to the whole number that is nearest in ratio: cameras halfway
    between two (30, 50 or 90 frames per second for 350 ms) get the longer window, at 29.97 too.

    Args:
        window_ms: time wanted from the first to the last of the 8 samples.
        period_ns: time between two frames of the camera.

    Raises:
        OptionError: an argument is not above 0.

    Example:
        >>> step_for(350, 5_000_000)
        10
    """
    wanted = frames_per_sample(window_ms, period_ns)
    below = max(1, floor(wanted))
    return below if wanted < sqrt(below * (below + 1)) else below + 1


def frames_per_sample(window_ms: float, period_ns: float) -> float:
    """Frames from one sample to the next, before rounding; see `step_for`."""
    if window_ms <= 0 or period_ns <= 0:
        raise OptionError(
            f"A window and a period must be above 0, got {window_ms} ms and {period_ns} ns."
        )
    return window_ms * 1e6 / (PAIRS * period_ns)


def is_fast_enough(window_ms: float, period_ns: float) -> bool:
    """Whether a camera gives 8 distinct frames within the window.

    Example:
        >>> is_fast_enough(350, 50_000_000), is_fast_enough(350, 66_666_667)
        (True, False)
    """
    return frames_per_sample(window_ms, period_ns) * _JITTER >= 1.0


def nearest_samples(
    times_ns: Sequence[int], spacing_ns: float, count: int = SAMPLES
) -> tuple[int, ...] | None:
    """The distinct frames nearest to equally spaced times, the last one the newest frame.

    Args:
        times_ns: rising timestamps of the frames.
        spacing_ns: time wanted from one sample to the next.
        count: how many samples.

    Returns:
        Positions in `times_ns`, oldest first; None where there are too few frames.

    Example:
        >>> nearest_samples([0, 10, 21, 29, 40, 50, 60, 71, 80], 10)
        (1, 2, 3, 4, 5, 6, 7, 8)
    """
    found = [len(times_ns) - 1]
    for back in range(1, count):
        end = found[-1]
        if end < 1:
            return None
        target = times_ns[-1] - back * spacing_ns
        at = min(bisect_left(times_ns, target, 0, end), end - 1)
        if at > 0 and target - times_ns[at - 1] < times_ns[at] - target:
            at -= 1
        found.append(at)
    return tuple(reversed(found))


def unevenness(times_ns: Sequence[int], spacing_ns: float | None = None) -> int:
    """Largest deviation of sample times from even spacing, in nanoseconds.

    Args:
        times_ns: times of the samples, oldest first.
        spacing_ns: the spacing, counted back from the last sample; None takes the mean one.

    Example:
        >>> unevenness([0, 10, 24, 30])
        4
    """
    last = len(times_ns) - 1
    if spacing_ns is None:
        spacing_ns = (times_ns[-1] - times_ns[0]) / last
    newest = times_ns[-1]
    off = [newest - (last - i) * spacing_ns - time for i, time in enumerate(times_ns)]
    return round(max(max(off), -min(off)))


def event_samples(frames: int) -> tuple[int, ...]:
    """The 8 samples of an event of `frames` frames: round(i · (frames - 1) / 7), i = 0 … 7.

    Raises:
        InputError: fewer than 8 frames; take more of the video with `widened`.

    Example:
        >>> event_samples(15)
        (0, 2, 4, 6, 8, 10, 12, 14)
    """
    _check_length(frames)
    return tuple([round(i * (frames - 1) / PAIRS) for i in range(SAMPLES)])


def widened(first: int, last: int, frames: int) -> tuple[int, int]:
    """An event's first and last frame, moved apart evenly until they span 8 frames.

    Args:
        first: first frame of the event.
        last: its last frame.
        frames: length of the video, whose ends are not passed.

    Raises:
        InputError: the video is shorter than 8 frames.
        OptionError: the event does not lie in the video.

    Example:
        >>> widened(10, 14, 100)
        (9, 16)
    """
    _check_length(frames)
    if not 0 <= first <= last < frames:
        raise OptionError(
            f"An event must lie within 0 to {frames - 1}, first to last, got {first} to {last}."
        )
    missing = max(0, SAMPLES - (last - first + 1))
    start = min(max(0, first - missing // 2), frames - SAMPLES if missing else first)
    return start, start + max(SAMPLES, last - first + 1) - 1


def official_phases(frames: int) -> tuple[tuple[int, ...], ...]:
    """Samples of every phase of the official protocol: stride frames // 8, starts 0 … stride-1.

    Raises:
        InputError: fewer than 8 frames.

    Example:
        >>> official_phases(17)
        ((0, 2, 4, 6, 8, 10, 12, 14), (1, 3, 5, 7, 9, 11, 13, 15))
    """
    _check_length(frames)
    stride = frames // SAMPLES
    return tuple(tuple(range(start, start + SAMPLES * stride, stride)) for start in range(stride))


def _check_length(frames: int) -> None:
    if frames < SAMPLES:
        raise InputError(
            f"A clip must have at least {SAMPLES} frames, got {frames}: take a longer one."
        )
