"""Which kept frames a window, a pair or an event takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mol_edge.cadence import Scale
from mol_edge.errors import FramesGoneError, OptionError
from mol_edge.results import WindowState
from mol_edge.windows import PAIRS, SAMPLES, event_samples, nearest_samples, unevenness, widened


def window_at(
    times_ns: Sequence[int], scale: Scale, period_ns: float | None
) -> tuple[WindowState, tuple[int, ...], int]:
    """The window that ends at the newest frame.

    Returns:
        Whether there is one, the positions of its 8 samples, or none, and how far a sample lies, at
        most, from its place in even spacing.
    """
    if not scale.fast_enough:
        return WindowState.CAMERA_TOO_SLOW, (), 0
    if period_ns is None or not _reaches(times_ns, PAIRS * scale.spacing_ns, period_ns):
        return WindowState.FILLING, (), 0
    samples = nearest_samples(times_ns, scale.spacing_ns)
    if samples is None:
        return WindowState.FILLING, (), 0
    jitter = unevenness([times_ns[at] for at in samples], scale.spacing_ns)
    if jitter > scale.largest_deviation_ns(period_ns):
        return WindowState.GAP, (), 0
    return WindowState.READY, samples, jitter


def span_of(times_ns: Sequence[int], samples: Sequence[int], period_ns: float) -> tuple[int, int]:
    """The fields `span_ns` and `dropped` of a `WindowOutput`."""
    first, last = samples[0], samples[-1]
    span = times_ns[last] - times_ns[first]
    return span, max(0, round(span / period_ns) - (last - first))


def sample_before(
    times_ns: Sequence[int], spacing_ns: float, period_ns: float | None
) -> int | None:
    """Position of the sample before the newest frame, from which flow leads to it, or None."""
    if period_ns is None or not _reaches(times_ns, spacing_ns, period_ns):
        return None
    pair = nearest_samples(times_ns, spacing_ns, 2)
    return None if pair is None else pair[0]


def event_at(
    times_ns: Sequence[int], onset_ns: int, offset_ns: int, period_ns: float | None
) -> tuple[int, ...]:
    """Positions of the 8 samples of an event, widened evenly where it has fewer frames.

    Raises:
        OptionError: its onset comes after its offset.
        FramesGoneError: the event does not lie within the frames, or these are fewer than 8.
    """
    if onset_ns > offset_ns:
        raise OptionError(
            f"An event's onset must not come after its offset, got {onset_ns} and {offset_ns} ns: "
            "swap them."
        )
    slack = (period_ns or 0) / 2
    if onset_ns < times_ns[0] - slack or offset_ns > times_ns[-1] + slack:
        raise FramesGoneError(
            f"An event must lie within the kept frames, {times_ns[0]} to {times_ns[-1]} ns, got "
            f"{onset_ns} to {offset_ns} ns: classify it earlier, or keep frames for longer with "
            "keep_ms."
        )
    if len(times_ns) < SAMPLES:
        raise FramesGoneError(
            f"An event is classified by {SAMPLES} frames, and {len(times_ns)} are kept: wait for "
            "more."
        )
    stamps = np.asarray(times_ns)
    first, last = (int(np.abs(stamps - time).argmin()) for time in (onset_ns, offset_ns))
    start, end = widened(first, last, len(times_ns))
    return tuple([start + at for at in event_samples(end - start + 1)])


def _reaches(times_ns: Sequence[int], span_ns: float, period_ns: float) -> bool:
    """Whether the frames go back that far, give or take half a frame."""
    return times_ns[-1] - times_ns[0] >= span_ns - period_ns / 2
