"""Whether a face can be measured: large enough, turned to the camera, sharp."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge._numbers import is_at_least
from mol_edge.errors import OptionError
from mol_edge.results import FaceState

Points = NDArray[np.float64]

# A face that was refused is taken again only when it is better than the limit by this much.
_MARGIN = 1.1


@dataclass(frozen=True)
class FaceLimits:
    """Which faces are measured.

    The defaults were set on 18 faces of photographs, on rendered faces and on the demo video. A
    face whose eyes are 20 pixels apart is about 50 wide; its crop is 2.8 times enlarged and still
    shows what moves, below that sharpness falls. Frontal faces have a turn up to 0.15, 0.3 are
    about 37 degrees. Their sharpness lies above 0.54, and a Gaussian blur of 4 pixels of the crop,
    in which eyelids and lips are gone, takes it below 0.45, one of 5 pixels below 0.35.

    Attributes:
        min_eye_px: least distance of the eyes in image pixels, or from eyes to mouth, if longer.
        max_turn: how far the tip of the nose may lie from its place in a frontal face, in parts of
            the distance of the eyes.
        min_sharpness: least contrast of the edges, in parts of the contrast of the crop, see
            `sharpness`.

    Raises:
        OptionError: a limit is below 0.
    """

    min_eye_px: float = 20.0
    max_turn: float = 0.3
    min_sharpness: float = 0.3

    def __post_init__(self) -> None:
        for name in ("min_eye_px", "max_turn", "min_sharpness"):
            if not is_at_least(getattr(self, name), 0):
                raise OptionError(f"{name} must be 0 or more, got {getattr(self, name)!r}.")

    def state_of(
        self, points: Points, sharp: float, before: FaceState = FaceState.TRACKED
    ) -> FaceState:
        """The state of a face.

        Args:
            points: float64 [5, 2], image pixels.
            sharp: `sharpness` of its crop.
            before: its state until now, which it leaves with some hysteresis.

        Example:
            >>> points = np.array([[40, 40], [80, 40], [60, 62], [45, 80], [75, 80.0]])
            >>> FaceLimits().state_of(points, 0.9).value
            'tracked'
            >>> FaceLimits().state_of(points / 4, 0.9).value
            'too_small'
        """

        def margin(state: FaceState) -> float:
            return _MARGIN if before is state else 1.0

        size, turned = _core.face_size_and_turn(points)
        if size < self.min_eye_px * margin(FaceState.TOO_SMALL):
            return FaceState.TOO_SMALL
        if turned > self.max_turn / margin(FaceState.TURNED_AWAY):
            return FaceState.TURNED_AWAY
        if sharp < self.min_sharpness * margin(FaceState.BLURRED):
            return FaceState.BLURRED
        return FaceState.TRACKED


def eye_distance(points: Points) -> float:
    """Distance of the eyes, or of eyes and mouth where that is longer: a turned head's."""
    return _core.face_size_and_turn(points)[0]


def turn(points: Points) -> float:
    """How far the tip of the nose lies from its frontal place, in parts of the eyes' distance.

    Example:
        >>> points = np.array([[40, 40], [80, 40], [70, 62.4], [45, 80], [75, 80.0]])
        >>> round(turn(points), 3)
        0.25
    """
    return _core.face_size_and_turn(points)[1]


def sharpness(crop: NDArray[np.float32]) -> float:
    """Contrast of the edges of a crop in parts of its own: its Laplacian at a quarter of the size.

    The noise of a camera averages out at that size, and gain and offset of the light cancel.

    Args:
        crop: float32 [128, 128], in any unit of luma.

    Raises:
        ArrayError: the crop has another type or shape.
    """
    return _core.sharpness(crop)
