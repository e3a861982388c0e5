"""What a face detector is, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import ArrayError
from mol_edge.frame import Frame


@dataclass(frozen=True)
class Detection:
    """One face as a detector sees it.

    Attributes:
        box: left, top, width, height in image pixels.
        points: float64 [5, 2] in image pixels: eye at the image's left, other eye, nose tip,
            mouth corner at the image's left, other corner. These are the five points of MOL's
            alignment.
        score: confidence, 0 to 1.

    Raises:
        ArrayError: the box or the points have another shape or type, or are not finite.

    Example:
        >>> points = np.array([[40, 40], [80, 40], [60, 60], [45, 80], [75, 80.0]])
        >>> Detection((30, 20, 60, 80), points, 0.9).area
        4800.0
    """

    box: tuple[float, float, float, float]
    points: NDArray[np.float64]
    score: float

    def __post_init__(self) -> None:
        box = np.asarray(self.box, dtype=np.float64)
        if box.shape != (4,) or not np.isfinite(box).all() or box[2] <= 0 or box[3] <= 0:
            raise ArrayError(
                "Detection.box must be left, top, width, height with a width and a height "
                f"above 0, got {self.box}."
            )
        points = self.points
        if not isinstance(points, np.ndarray) or points.dtype != np.float64:
            came = points.dtype if isinstance(points, np.ndarray) else type(points).__name__
            raise ArrayError(f"Detection.points must be a NumPy array of float64, got {came}.")
        if points.shape != (5, 2) or not np.isfinite(points).all():
            raise ArrayError(
                f"Detection.points must be 5 finite points of shape (5, 2), got {points.tolist()}."
            )
        if not 0.0 <= self.score <= 1.0:
            raise ArrayError(f"Detection.score must lie between 0 and 1, got {self.score}.")

    @property
    def area(self) -> float:
        """Area of the box in square pixels."""
        return float(self.box[2] * self.box[3])


@runtime_checkable
class FaceDetector(Protocol):
    """Anything that finds faces: `YunetDetector`, `HaarDetector`, or your own.

    Example:
        >>> class Fixed:
        ...     name = "fixed"
        ...
        ...     def detect(self, frame: Frame) -> list[Detection]:
        ...         points = np.array([[4, 4], [8, 4], [6, 6], [4, 8], [8, 8.0]])
        ...         return [Detection((0, 0, 12, 12), points, 1.0)]
        >>> isinstance(Fixed(), FaceDetector)
        True
    """

    @property
    def name(self) -> str:
        """Short name for results and logs."""
        ...

    def detect(self, frame: Frame) -> list[Detection]:
        """Faces in `frame`, which may have any `Frame.format`; the largest first."""
        ...


@runtime_checkable
class RefiningDetector(FaceDetector, Protocol):
    """A detector that can look at one face again, longer and closer."""

    def refine(self, frame: Frame, face: Detection) -> Detection:
        """`face` of `frame` with better points."""
        ...


def refined(detector: FaceDetector, frame: Frame, face: Detection) -> Detection:
    """`face` with better points where the detector can give them, else as it is."""
    return detector.refine(frame, face) if isinstance(detector, RefiningDetector) else face


def largest_first(faces: list[Detection]) -> list[Detection]:
    """`faces` in the order every detector returns them: by area, the largest first."""
    return sorted(faces, key=lambda face: face.area, reverse=True)
