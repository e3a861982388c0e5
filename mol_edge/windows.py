"""Which frames the network looks at: 8 samples of a stream, or of a segmented clip."""

from __future__ import annotations

from mol_edge.errors import InputError, OptionError

SAMPLES = 8
PAIRS = SAMPLES - 1

# A camera of 20 frames per second just fits 350 ms, with jitter in its timestamps too.
_JITTER = 1.05


def step_for(window_ms: float, period_ns: float) -> int:
    """Frames from one sample of a window to the next, at least 1.

    Args:
        window_ms: time wanted from the first to the last of the 8 samples.
        period_ns: time between two frames of the camera.

    Raises:
        OptionError: an argument is not above 0.

    Example:
        >>> step_for(350, 5_000_000)
        10
    """
    # Rounded before it is compared with a half: 30 fps in whole nanoseconds is still 1.5.
    return max(1, round(round(frames_per_sample(window_ms, period_ns), 3)))


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


def window_samples(newest: int, step: int) -> tuple[int, ...]:
    """The 8 frames, oldest first, of the window that ends at frame `newest`.

    Example:
        >>> window_samples(20, 2)
        (6, 8, 10, 12, 14, 16, 18, 20)
    """
    return tuple(newest - step * back for back in range(PAIRS, -1, -1))


def event_samples(frames: int) -> tuple[int, ...]:
    """The 8 samples of an event of `frames` frames: round(i · (frames - 1) / 7), i = 0 … 7.

    Raises:
        InputError: fewer than 8 frames; take more of the video with `widened`.

    Example:
        >>> event_samples(15)
        (0, 2, 4, 6, 8, 10, 12, 14)
    """
    _check_length(frames)
    return tuple(round(i * (frames - 1) / PAIRS) for i in range(SAMPLES))


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
