"""What a dataset hands to training and evaluation: one clip with its truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mol_edge._core import CROP_SIZE as CROP
from mol_edge.errors import ArrayError
from mol_edge.windows import SAMPLES as FRAMES

POINTS = 68


@dataclass(frozen=True)
class Sample:
    """Eight aligned gray frames with what is known of them.

    Attributes:
        frames: uint8 luma [8, S, S]; S is 128 (the crop itself) or 144 (the aligned face, from
            which training takes random crops and evaluation the middle one).
        landmarks: float32 [8, 68, 2] in pixels of `frames`, or None where unknown.
        pairs: pairs (0 to 6) whose flow is known.
        flow: float32 [pairs, 2, S, S] in pixels, channel 0 = x.
        face: bool [S, S], pixels of the face on which flow is judged, or None for all.
        label: index in the class set, or None where the clip has no class in it.
        subject: who is seen; subjects are never shared between training and evaluation.
        video: name of the clip that the frames were sampled from.
    """

    frames: NDArray[np.uint8]
    landmarks: NDArray[np.float32] | None
    pairs: tuple[int, ...]
    flow: NDArray[np.float32]
    face: NDArray[np.bool_] | None
    label: int | None
    subject: str
    video: str

    def __post_init__(self) -> None:
        side = self.frames.shape[-1]
        if (
            self.frames.shape != (FRAMES, side, side)
            or side < CROP
            or self.frames.dtype != np.uint8
        ):
            raise ArrayError(
                f"Sample.frames must be uint8 of shape ({FRAMES}, S, S) with S of 128 or more, "
                f"got {self.frames.dtype} {self.frames.shape}."
            )
        if self.landmarks is not None and self.landmarks.shape != (FRAMES, POINTS, 2):
            raise ArrayError(
                f"Sample.landmarks must be of shape ({FRAMES}, {POINTS}, 2), "
                f"got {self.landmarks.shape}."
            )
        if self.flow.shape != (len(self.pairs), 2, side, side):
            raise ArrayError(
                f"Sample.flow must be of shape ({len(self.pairs)}, 2, {side}, {side}), "
                f"got {self.flow.shape}."
            )


class Dataset(Protocol):
    """Samples by index; every call with the same index and epoch gives the same sample."""

    @property
    def labels(self) -> Sequence[str]:
        """Class names."""
        ...

    def __len__(self) -> int: ...

    def sample(self, index: int, epoch: int = 0, pairs: Sequence[int] | None = None) -> Sample:
        """One sample; `pairs` names the pairs whose flow is wanted (all by default)."""
        ...

    def subject(self, index: int) -> str:
        """Subject of a sample, without making it."""
        ...
