"""What counts as a movement, and a movement that has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mol_edge._numbers import is_finite
from mol_edge.errors import OptionError
from mol_edge.event import EventKind

# What a few frames show at most can be an error of one of them.
_LEAST_FRAMES = 3.5


@dataclass(frozen=True)
class SpotterOptions:
    """What counts as a movement.

    Attributes:
        micro_ms: up to this duration and a frame more an event is ``micro``, above it ``macro``.
        least_ms: what is shorter is noise; a movement is measured up to 15% shorter than it is.
        most_ms: what takes longer is a change of posture, not an event.
        least_px: smallest displacement at the apex, crop pixels.
        noise_factor: how many deviations of the still face's noise a movement must exceed.
        learn_ms: time after the first frame in which noise is learned and nothing is reported.

    Raises:
        OptionError: a value is out of range.

    Example:
        >>> SpotterOptions(micro_ms=400).least_px
        0.18
    """

    micro_ms: float = 500.0
    least_ms: float = 105.0
    most_ms: float = 4000.0
    least_px: float = 0.18
    noise_factor: float = 5.5
    learn_ms: float = 600.0

    def __post_init__(self) -> None:
        for name in ("micro_ms", "least_ms", "most_ms", "least_px", "noise_factor", "learn_ms"):
            value = getattr(self, name)
            if not (is_finite(value) and value > 0):
                raise OptionError(f"{name} must be above 0 and finite, got {value!r}.")
        if not self.least_ms < self.micro_ms < self.most_ms:
            raise OptionError(
                "least_ms, micro_ms and most_ms must rise, got "
                f"{self.least_ms}, {self.micro_ms} and {self.most_ms}."
            )

    def shortest_ms(self, period_ms: float) -> float:
        """How long a movement has to take between frames of a period."""
        return max(self.least_ms, _LEAST_FRAMES * period_ms)

    def kind_of(self, duration_ms: float, period_ms: float = 0.0) -> EventKind:
        """What a movement of a duration is that was measured between frames of a period."""
        # Onset and offset are frames: a duration is known to one frame, rounding aside.
        longest_ms = self.micro_ms + 1.01 * period_ms
        return EventKind.MICRO if duration_ms <= longest_ms else EventKind.MACRO


@dataclass(frozen=True)
class Spot:
    """A movement that has ended.

    Attributes:
        onset_ns: capture time of the frame from which it rises; `apex_ns` of the frame where it is
            strongest, `offset_ns` of the one where it rests again.
        onset: index of that frame; `apex` and `offset` likewise.
        kind: ``micro`` or ``macro``, by duration.
        peak_px: displacement at the apex of the strongest part of each region, crop pixels.

    Example:
        >>> spot = Spot(0, 150_000_000, 400_000_000, 0, 15, 40, EventKind.MICRO, {"mouth": 0.8})
        >>> spot.duration_ms
        400.0
    """

    onset_ns: int
    apex_ns: int
    offset_ns: int
    onset: int
    apex: int
    offset: int
    kind: EventKind
    peak_px: Mapping[str, float]

    @property
    def duration_ms(self) -> float:
        """Time from onset to offset."""
        return (self.offset_ns - self.onset_ns) / 1e6
