"""Moving textures: a dataset without faces, to try the machinery of training in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.model.config import CROP, FRAMES, PAIRS, POINTS
from training.samples import Sample

_KEY = 0x7E87
_MARGIN = 8


@dataclass(frozen=True)
class TextureDataset:
    """Smooth noise that drifts as a whole; its class is the direction.

    The landmarks are a ring of marks that drift along.

    Attributes:
        count: samples.
        classes: directions.
        first_seed: seed of the first sample.
        side: of the pictures, pixels.
        subjects: the samples go round so many names.

    Example:
        >>> TextureDataset(3).sample(0, pairs=(2,)).flow.shape
        (1, 2, 128, 128)
    """

    count: int
    classes: int = 5
    first_seed: int = 0
    side: int = CROP
    subjects: int = 4

    @property
    def labels(self) -> Sequence[str]:
        """Class names."""
        return tuple(f"way {way}" for way in range(self.classes))

    def __len__(self) -> int:
        return self.count

    def subject(self, index: int) -> str:
        """One of a few names."""
        return f"texture {(self.first_seed + index) % self.subjects}"

    def sample(self, index: int, epoch: int = 0, pairs: Sequence[int] | None = None) -> Sample:
        """See `training.samples.Dataset`."""
        rng = np.random.default_rng([_KEY, self.first_seed + index])
        label = int(rng.integers(self.classes))
        angle = 2 * np.pi * label / self.classes
        step = rng.uniform(0.2, 0.6) * np.array([np.cos(angle), np.sin(angle)])
        frames, marks = self._drift(rng, step)
        wanted = tuple(range(PAIRS)) if pairs is None else tuple(pairs)
        shape = len(wanted), 2, self.side, self.side
        flow = np.broadcast_to(step.astype(np.float32)[None, :, None, None], shape)
        video = f"texture-{self.first_seed + index}"
        return Sample(frames, marks, wanted, flow, None, label, self.subject(index), video)

    def _drift(
        self, rng: np.random.Generator, step: NDArray[np.float64]
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        import cv2

        wide = self.side + 2 * _MARGIN
        texture = cv2.GaussianBlur(rng.normal(0, 1, (wide, wide)), (0, 0), 3)
        texture = 128 + 40 * texture / texture.std()
        ring = 2 * np.pi * np.arange(POINTS) / POINTS
        start = self.side / 2 + 0.3 * self.side * np.stack([np.cos(ring), np.sin(ring)], 1)
        frames = np.empty((FRAMES, self.side, self.side), np.uint8)
        marks = np.empty((FRAMES, POINTS, 2), np.float32)
        for t in range(FRAMES):
            dx, dy = t * step - _MARGIN
            matrix = np.array([[1.0, 0, dx], [0, 1.0, dy]])
            moved = cv2.warpAffine(texture, matrix, (self.side, self.side), flags=cv2.INTER_CUBIC)
            frames[t] = np.clip(np.rint(moved), 0, 255)
            marks[t] = start + t * step
        return frames, marks
