"""How faces are found again from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass, field

from mol_edge._numbers import is_at_least, is_whole
from mol_edge.errors import OptionError
from mol_edge.face_state import FaceLimits


@dataclass(frozen=True)
class TrackOptions:
    """When the detector looks, how many faces are followed, and which of them are measured.

    Attributes:
        max_faces: how many faces are followed at a time: the largest.
        detect_ms: time between two looks of the detector at faces that are followed; 0 looks at
            every frame. It also looks at once when a face is lost, at each of the first frames
            of a face until its alignment is anchored, and at a third of that time while a face
            is sought. Of a live source a slow detector takes at most a tenth of the time, and half
            of it while a face is sought.
        keep_lost_ms: how long a lost face keeps its number, to be found again.
        limits: which faces are measured.

    Raises:
        OptionError: a value is out of range.

    Example:
        >>> TrackOptions(max_faces=2).detect_ms
        300
    """

    max_faces: int = 1
    detect_ms: float = 300
    keep_lost_ms: float = 1000
    limits: FaceLimits = field(default_factory=FaceLimits)

    def __post_init__(self) -> None:
        if not is_whole(self.max_faces, 1):
            raise OptionError(f"max_faces must be a whole number from 1, got {self.max_faces!r}.")
        for name in ("detect_ms", "keep_lost_ms"):
            if not is_at_least(getattr(self, name), 0):
                raise OptionError(f"{name} must be 0 or more, got {getattr(self, name)!r}.")
        if not isinstance(self.limits, FaceLimits):
            raise OptionError(f"limits must be of type FaceLimits, got {self.limits!r}.")

    @property
    def search_ms(self) -> float:
        """Time between two looks while a face is sought."""
        return self.detect_ms / 3
