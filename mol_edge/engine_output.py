"""What an engine can be told, and what it says of a frame, a window, an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mol_edge._numbers import BELOW_MS, are_lengths, is_at_least, is_whole
from mol_edge.cadence import SegmentReason
from mol_edge.errors import OptionError
from mol_edge.results import WindowState
from mol_edge.windows import SAMPLES

FlowMode = Literal["always", "on_motion", "never"]


@dataclass(frozen=True)
class EngineOptions:
    """What an engine computes and keeps.

    Attributes:
        windows_ms: times wanted from the first to the last of a window's 8 samples. Windows share
            the features of their frames, so a further one costs a head per frame. Flow
            is that of the first one's newest pair.
        flow: ``always`` computes flow at every push, ``on_motion`` only when `Engine.flow` asks,
            ``never`` not at all.
        keep_ms: how long a frame's state is kept for events; windows keep what they need.
        max_frames: most frames that are kept of a face for events, whatever the camera's rate.
        half_state: whether features are kept in 16 bits: 240 KB a frame instead of 368, for about
            a millisecond of conversions.

    Raises:
        OptionError: a value is out of range.

    Example:
        >>> EngineOptions(windows_ms=(200, 350, 500), flow="on_motion").keep_ms
        1500
    """

    windows_ms: tuple[float, ...] = (350,)
    flow: FlowMode = "always"
    keep_ms: float = 1500
    max_frames: int = 512
    half_state: bool = False

    def __post_init__(self) -> None:
        if not are_lengths(self.windows_ms):
            raise OptionError(
                "windows_ms must be a tuple of one time, or several different ones, above 0 and "
                f"below {BELOW_MS}, got {self.windows_ms!r}."
            )
        if self.flow not in get_args(FlowMode):
            raise OptionError(f"flow must be one of {get_args(FlowMode)}, got {self.flow!r}.")
        if not is_at_least(self.keep_ms, 0):
            raise OptionError(f"keep_ms must be 0 or more, got {self.keep_ms!r}.")
        if not is_whole(self.max_frames, SAMPLES):
            raise OptionError(f"max_frames must be {SAMPLES} or more, got {self.max_frames!r}.")
        if not isinstance(self.half_state, bool):
            raise OptionError(f"half_state must be True or False, got {self.half_state!r}.")


@dataclass(frozen=True)
class WindowOutput:
    """The window of one time scale that ends at a frame.

    Attributes:
        window_ms: the time that was wanted from its first to its last sample.
        state: whether there is one, and if not, why.
        logits: float32 [classes], or None.
        samples: positions of its 8 frames in the source, oldest first, or empty.
        span_ns: time from its first to its last sample, or 0.
        jitter_ns: how far a sample lies, at most, from its place in even spacing, or 0.
        dropped: frames that the camera's period leads to expect within it and that never came.
    """

    window_ms: float
    state: WindowState
    logits: NDArray[np.float32] | None = None
    samples: tuple[int, ...] = ()
    span_ns: int = 0
    jitter_ns: int = 0
    dropped: int = 0


@dataclass(frozen=True)
class EngineOutput:
    """What one more frame of a face brought.

    Attributes:
        track_id: the face.
        landmarks: float32 [68, 2], crop pixels.
        flow: float32 [2, 128, 128] between the sample before and this frame, crop pixels, or None.
        windows: one for each of `EngineOptions.windows_ms`, in that order.
        new_segment: why no window or event reaches back beyond this frame, or None: it may.
    """

    track_id: int
    landmarks: NDArray[np.float32]
    flow: NDArray[np.float32] | None
    windows: tuple[WindowOutput, ...]
    new_segment: SegmentReason | None


@dataclass(frozen=True)
class EventOutput:
    """What the network says of an event.

    Attributes:
        logits: float32 [classes].
        samples: positions of its 8 frames in the source, oldest first.
        times_ns: their timestamps.
        flow: float32 [7, 2, 128, 128], crop pixels, one field per consecutive pair, or None.
        jitter_ns: how far a sample lies, at most, from even spacing between first and last.
    """

    logits: NDArray[np.float32]
    samples: tuple[int, ...]
    times_ns: tuple[int, ...]
    flow: NDArray[np.float32] | None
    jitter_ns: int

    @property
    def span_ns(self) -> int:
        """Time from its first to its last sample."""
        return self.times_ns[-1] - self.times_ns[0]
