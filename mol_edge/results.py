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
from mol_edge.errors import ArrayError

Protocol = Literal["official", "event"]


def _check(name: str, array: NDArray[np.generic], shape: tuple[int | None, ...]) -> None:
    fits = len(array.shape) == len(shape) and all(
        want is None or want == got for want, got in zip(shape, array.shape)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise ArrayError(f"{name} must be of shape ({wanted}), got {array.shape}.")


class WindowState(str, Enum):
    """Whether a frame closed a window of 8 samples, and if not, why."""

    READY = "ready"
    FILLING = "filling"
    CAMERA_TOO_SLOW = "camera_too_slow"
    NO_FACE = "no_face"


@dataclass(frozen=True)
class Window:
    """Class probabilities of the 8 samples that end at a frame.

    Attributes:
        probabilities: float32 [classes], softmax of `logits`.
        logits: float32 [classes].
        span_ms: time from the first to the last sample, as the timestamps say.
        samples: frame indices of the 8 samples, oldest first.
    """

    probabilities: NDArray[np.float32]
    logits: NDArray[np.float32]
    span_ms: float
    samples: tuple[int, ...]

    def __post_init__(self) -> None:
        _check("Window.logits", self.logits, (None,))
        _check("Window.probabilities", self.probabilities, self.logits.shape)
        if len(self.samples) != 8:
            raise ArrayError(f"Window.samples must name 8 frames, got {len(self.samples)}.")


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
        window: class probabilities of the window that ends here, or None.
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

    def __post_init__(self) -> None:
        _check("FaceResult.points", self.points, (5, 2))
        _check("FaceResult.transform", self.transform, (2, 3))
        if self.landmarks is not None:
            _check("FaceResult.landmarks", self.landmarks, (68, 2))
        if self.flow is not None:
            _check("FaceResult.flow", self.flow, (2, 128, 128))

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
        faces: the faces that were followed (the largest one, by default).
        faces_found: how many faces the detector saw, whether followed or not.
        events: micro-expressions that this frame brought to an end.
        timings_ms: time spent per stage (``decode``, ``detect``, ``align``, ``infer``).
    """

    index: int
    timestamp_ns: int
    faces: tuple[FaceResult, ...] = ()
    faces_found: int = 0
    events: tuple[object, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)


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
        _check("PhaseResult.probabilities", self.probabilities, self.logits.shape)
        _check("PhaseResult.flow", self.flow, (7, 2, 128, 128))
        _check("PhaseResult.landmarks", self.landmarks, (7, 68, 2))


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
            _check("PhaseResult.probabilities", phase.probabilities, (len(self.labels),))

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
