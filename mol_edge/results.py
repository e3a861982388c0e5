"""What comes out of the pipeline: frozen dataclasses that validate on creation.

Coordinates are pixels of the source image, x right and y down, unless a name says `crop`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge._shapes import check_shape
from mol_edge.errors import ArrayError
from mol_edge.event import Event, EventKind

__all__ = [
    "ClipResult",
    "Event",
    "EventKind",
    "FaceResult",
    "FaceState",
    "FrameResult",
    "PhaseResult",
    "Protocol",
    "Window",
    "WindowState",
]

Protocol = Literal["official", "event"]


class FaceState(str, Enum):
    """Whether a face can be measured in a frame, and if not, why.

    ``tracked`` is the only state with landmarks, motion, flow and windows. A face that is
    ``too_small``, ``turned_away`` or ``blurred`` is still followed; a ``lost`` one was not found in
    this frame, is where it was last seen, and may be found again for a short time.
    """

    TRACKED = "tracked"
    TOO_SMALL = "too_small"
    TURNED_AWAY = "turned_away"
    BLURRED = "blurred"
    LOST = "lost"


class WindowState(str, Enum):
    """Whether a frame closed a window of 8 samples, and if not, why.

    ``no_face`` is the state of a frame without a face, and of a face that is not ``tracked``.
    """

    READY = "ready"
    FILLING = "filling"
    CAMERA_TOO_SLOW = "camera_too_slow"
    GAP = "gap"
    NO_FACE = "no_face"


@dataclass(frozen=True)
class Window:
    """Class probabilities of the 8 samples that end at a frame.

    Attributes:
        probabilities: float32 [classes], softmax of `logits`.
        logits: float32 [classes].
        span_ms: time from the first to the last sample, as the timestamps say.
        samples: frame indices of the 8 samples, oldest first.
        wanted_ms: the span that was asked for, or None where nobody asked.
        jitter_ms: how far the interval of two samples is from the mean one, at most.
        dropped: frames between the first and the last sample that never came.
    """

    probabilities: NDArray[np.float32]
    logits: NDArray[np.float32]
    span_ms: float
    samples: tuple[int, ...]
    wanted_ms: float | None = None
    jitter_ms: float = 0.0
    dropped: int = 0

    def __post_init__(self) -> None:
        if self.logits.ndim != 1 or self.probabilities.shape != self.logits.shape:
            check_shape("Window.logits", self.logits, (None,))
            check_shape("Window.probabilities", self.probabilities, self.logits.shape)
        if len(self.samples) != 8:
            raise ArrayError(f"Window.samples must name 8 frames, got {len(self.samples)}.")
        if self.jitter_ms < 0 or self.dropped < 0:
            raise ArrayError(
                "Window.jitter_ms and dropped must be 0 or more, got "
                f"{self.jitter_ms} and {self.dropped}."
            )


@dataclass(frozen=True)
class FaceResult:
    """One face in one frame.

    Attributes:
        track_id: number that stays with a face while it is followed.
        box: left, top, width, height in image pixels.
        score: confidence of the detector, 0 to 1.
        points: float64 [5, 2], image pixels: eye at the image's left, other eye, nose tip,
            mouth corner at the image's left, other corner.
        transform: float64 [2, 3], image pixels to pixels of the 144 aligned face.
        landmarks: float32 [68, 2] in image pixels (iBUG order), or None.
        flow: float32 [2, 128, 128], motion between the two newest samples in crop pixels
            (channel 0 = x), or None where it was not computed.
        window_state: whether `window` is there, and if not, why.
        window: class probabilities of the window that ends here, or None; of several lengths, the
            first that was asked for.
        windows: every window that ends here, one for each length that was asked for and is ready.
        state: whether the face can be measured here, and if not, why.
        motion: motion since the sample before by region of the face, pixels of the 128 crop, the
            head's own motion removed; None where it was not measured.
        drift_px: how far the face has moved from where its alignment is anchored, pixels of the
            144 aligned face; 0 where each frame is aligned by itself.
        reanchored: whether the alignment was anchored anew with this frame.
        new_segment: why no window spans this frame and the one before, or None where one may.
    """

    track_id: int
    box: tuple[float, float, float, float]
    score: float
    points: NDArray[np.float64]
    transform: NDArray[np.float64]
    landmarks: NDArray[np.float32] | None = None
    flow: NDArray[np.float32] | None = None
    window_state: WindowState = WindowState.FILLING
    window: Window | None = None
    windows: tuple[Window, ...] = ()
    state: FaceState = FaceState.TRACKED
    motion: Mapping[str, float] | None = None
    drift_px: float = 0.0
    reanchored: bool = False
    new_segment: str | None = None

    def __post_init__(self) -> None:
        check_shape("FaceResult.points", self.points, (5, 2))
        check_shape("FaceResult.transform", self.transform, (2, 3))
        if self.landmarks is not None:
            check_shape("FaceResult.landmarks", self.landmarks, (68, 2))
        if self.flow is not None:
            check_shape("FaceResult.flow", self.flow, (2, 128, 128))
        measured = (self.landmarks, self.flow, self.window, self.motion)
        if self.state is not FaceState.TRACKED and any(value is not None for value in measured):
            raise ArrayError(
                "FaceResult must have landmarks, flow, motion and windows only when its state is "
                f"tracked, got them with {self.state.value}."
            )

    def flow_in_image(self) -> NDArray[np.float32] | None:
        """Flow vectors in image pixels, float32 [2, 128, 128] on the crop's grid, or None."""
        if self.flow is None:
            return None
        return _core.vectors_to_image(self.flow, self.transform)


@dataclass(frozen=True)
class FrameResult:
    """Everything about one frame of a source.

    Attributes:
        index: position in the source, from 0.
        timestamp_ns: capture time of the frame.
        faces: the faces that are followed (the largest one, by default).
        faces_found: how many faces the detector saw when it last looked, followed or not.
        events: movements that are known to be over since this frame.
        timings_ms: time spent per stage: ``decode``, ``detect`` (only where the detector looked),
            ``track``, ``align``, ``infer``, ``motion``.
        age_ms: time from the capture of the frame to this result, in a live run; else None.
    """

    index: int
    timestamp_ns: int
    faces: tuple[FaceResult, ...] = ()
    faces_found: int = 0
    events: tuple[Event, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    age_ms: float | None = None


@dataclass(frozen=True)
class PhaseResult:
    """One sampling of a segmented clip at 8 frames.

    Attributes:
        samples: positions of the 8 samples in the clip.
        logits: float32 [classes].
        probabilities: float32 [classes].
        flow: float32 [7, 2, 128, 128], crop pixels, one field per consecutive pair.
        landmarks: float32 [7, 68, 2], image pixels, of the samples 2 to 8.
    """

    samples: tuple[int, ...]
    logits: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    flow: NDArray[np.float32]
    landmarks: NDArray[np.float32]

    def __post_init__(self) -> None:
        check_shape("PhaseResult.probabilities", self.probabilities, self.logits.shape)
        check_shape("PhaseResult.flow", self.flow, (7, 2, 128, 128))
        check_shape("PhaseResult.landmarks", self.landmarks, (7, 68, 2))


@dataclass(frozen=True)
class ClipResult:
    """The class of a segmented clip.

    Attributes:
        labels: class names, in the order of every probability.
        protocol: how the samples were taken.
        phases: one result per sampling (one for ``event``, n // 8 for ``official``).
        faces_found: the most faces seen in one frame; the largest was taken.
    """

    labels: tuple[str, ...]
    protocol: Protocol
    phases: tuple[PhaseResult, ...]
    faces_found: int = 1

    def __post_init__(self) -> None:
        if not self.phases:
            raise ArrayError("ClipResult.phases must hold at least one phase, got none.")
        for phase in self.phases:
            check_shape("PhaseResult.probabilities", phase.probabilities, (len(self.labels),))

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """Mean of the phases' probabilities, float32 [classes]."""
        stacked = np.stack([phase.probabilities for phase in self.phases])
        mean: NDArray[np.float32] = stacked.mean(axis=0, dtype=np.float32)
        return mean

    @property
    def label(self) -> str:
        """The most probable class."""
        return self.labels[int(np.argmax(self.probabilities))]
