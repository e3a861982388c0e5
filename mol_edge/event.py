"""A facial movement that was spotted, and the class it was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from mol_edge._shapes import check_shape
from mol_edge.errors import ArrayError

_EYES = ("left_eye", "right_eye")


class EventKind(str, Enum):
    """How long a movement took: ``micro`` up to 500 ms and a frame, ``macro`` above."""

    MICRO = "micro"
    MACRO = "macro"


@dataclass(frozen=True)
class Event:
    """A movement of one face from its onset to its offset.

    The class is None where there are no probabilities: `refusal` tells why.

    Attributes:
        track_id: the face.
        kind: ``micro`` or ``macro``, by duration.
        onset: index of the frame before the movement begins.
        apex: index of the frame where it is strongest.
        offset: index of the frame where it has ended.
        onset_ns: capture time of that frame; `apex_ns` and `offset_ns` likewise.
        peak_px: strongest motion away from the onset by region of the face, pixels of the 128
            crop, the head's own motion removed.
        label: the most probable class, or None.
        probabilities: float32 [classes], or None.
        logits: float32 [classes], or None.
        samples: frame indices of the 8 frames that were classified, oldest first, or empty.
        flow: float32 [7, 2, 128, 128] between those, crop pixels, where it was asked for.
        latency_ms: from the offset's capture to the event's emission: what the spotter waited for
            by the timestamps, and the time that computing took.
        refusal: why there is no class, or None.

    Raises:
        ArrayError: the times or indices are out of order, or an array has another shape.

    Example:
        >>> event = Event(0, EventKind.MICRO, 10, 15, 21, 0, 5, 11, {"brows": 0.8})
        >>> event.duration_ms, event.confidence
        (1.1e-05, None)
    """

    track_id: int
    kind: EventKind
    onset: int
    apex: int
    offset: int
    onset_ns: int
    apex_ns: int
    offset_ns: int
    peak_px: Mapping[str, float]
    label: str | None = None
    probabilities: NDArray[np.float32] | None = None
    logits: NDArray[np.float32] | None = None
    samples: tuple[int, ...] = ()
    flow: NDArray[np.float32] | None = None
    latency_ms: float = 0.0
    refusal: str | None = None

    def __post_init__(self) -> None:
        frames = (self.onset, self.apex, self.offset)
        times = (self.onset_ns, self.apex_ns, self.offset_ns)
        for name, values in (("frames", frames), ("times", times)):
            if not 0 <= values[0] <= values[1] <= values[2]:
                raise ArrayError(
                    f"Event's {name} of onset, apex and offset must rise from 0, got {values}."
                )
        classed = self.probabilities is not None
        if classed != (self.label is not None) or classed != (self.logits is not None):
            raise ArrayError("Event must have label, probabilities and logits, or none of them.")
        if self.probabilities is not None and self.logits is not None:
            check_shape("Event.logits", self.logits, (None,))
            check_shape("Event.probabilities", self.probabilities, self.logits.shape)
        if len(self.samples) not in (0, 8):
            raise ArrayError(f"Event.samples must name 8 frames or none, got {len(self.samples)}.")
        if self.flow is not None:
            check_shape("Event.flow", self.flow, (7, 2, 128, 128))

    @property
    def duration_ms(self) -> float:
        """Time from onset to offset."""
        return (self.offset_ns - self.onset_ns) / 1e6

    @property
    def confidence(self) -> float | None:
        """Probability of `label`, or None."""
        return None if self.probabilities is None else float(self.probabilities.max())

    @property
    def region(self) -> str | None:
        """The region that moved most, or None where none is known.

        Not an eye where any other is known: gaze and blinks move lids farther than expressions move
        the rest, and are no events.
        """
        found = [name for name in self.peak_px if name not in _EYES] or list(self.peak_px)
        return max(found, key=lambda name: self.peak_px[name], default=None)
