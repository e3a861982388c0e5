"""The luma around a face in its recent frames, from which other crops can be cut later."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.frame import Frame
from mol_edge.manifest import Normalisation
from mol_edge.similarity import apply

Luma = NDArray[np.uint8]
Transform = NDArray[np.float64]

# Kept around the crop, in parts of its side: a drift is noticed long before.
_PADDING = 0.1
_LAST = _core.CROP_SIZE - 1
_CORNERS = np.array([[0, 0], [_LAST, 0], [0, _LAST], [_LAST, _LAST]]) + _core.CROP_OFFSET


class _Patch(NamedTuple):
    """Luma of a frame from its corner (`left`, `top`); the picture is `width` × `height`."""

    frame_index: int
    timestamp_ns: int
    luma: Luma
    left: int
    top: int
    width: int
    height: int

    def holds(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Whether the patch has all of the picture's pixels between these edges."""
        rows, columns = self.luma.shape
        return (
            (left >= self.left or self.left == 0)
            and (top >= self.top or self.top == 0)
            and (right <= self.left + columns - 1 or self.left + columns == self.width)
            and (bottom <= self.top + rows - 1 or self.top + rows == self.height)
        )


class Patches:
    """A ring of luma patches of one face.

    Args:
        keep_ms: how long a patch is kept.
        most_bytes: what they may take together; the oldest go first.

    Example:
        >>> patches = Patches(keep_ms=500)
        >>> aligned = np.array([[1.0, 0, 0], [0, 1, 0]])
        >>> patches.add(Frame(np.zeros((200, 200), np.uint8), 0, 7, "gray"), aligned)
        >>> patches.crops([7], aligned, Normalisation(128.0, 100.0)).shape
        (1, 128, 128)
    """

    def __init__(self, keep_ms: float, most_bytes: int = 64 << 20) -> None:
        self._keep_ns, self._most_bytes = keep_ms * 1e6, most_bytes
        self._patches: deque[_Patch] = deque()
        self._transform: Transform | None = None
        self._size = (0, 0)
        self._kept_region = (0, 0, 0, 0)
        self.bytes = 0

    def add(self, frame: Frame, transform: Transform) -> None:
        """Keep the surroundings of the crop that `transform` ([2, 3], image to aligned) gives."""
        patches, now = self._patches, frame.timestamp_ns
        if patches and patches[-1].timestamp_ns >= now:
            self.clear()
        # The transform is mostly the one before, and the region with it.
        size = (frame.width, frame.height)
        if transform is not self._transform or size != self._size:
            self._transform, self._size = transform, size
            self._kept_region = _region(frame, transform)
        left, top, right, bottom = self._kept_region
        shape = (bottom - top, right - left)
        if min(shape) < 1:
            return
        # A buffer that is given up is taken again: the region is mostly of one size.
        spare: Luma | None = None
        while patches and (
            now - patches[0].timestamp_ns > self._keep_ns
            or self.bytes + shape[0] * shape[1] > self._most_bytes
        ):
            spare = self._drop()
        into = spare if spare is not None and spare.shape == shape else np.empty(shape, np.uint8)
        _core.copy_luma(frame.image, left, top, into, frame.format, frame.full_range)
        patches.append(_Patch(frame.index, now, into, left, top, frame.width, frame.height))
        self.bytes += into.nbytes

    def crops(
        self, indices: Sequence[int], transform: Transform, constants: Normalisation
    ) -> NDArray[np.float32]:
        """Crops of the newest of some frames.

        Args:
            indices: positions of frames in the source, oldest first.
            transform: float64 [2, 3], image to aligned face.
            constants: how luma is normalised.

        Returns:
            float32 [k, 128, 128] of the last k of `indices`: all that are kept without a gap and
            hold everything that the crop shows.
        """
        by_index = {patch.frame_index: patch for patch in self._patches}
        corners = apply(_core.invert_transform(transform), _CORNERS)
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        crops: list[NDArray[np.float32]] = []
        for index in reversed(indices):
            patch = by_index.get(index)
            if patch is None or not patch.holds(left, top, right, bottom):
                break
            moved = transform.copy()
            moved[:, 2] += transform[:, :2] @ (patch.left, patch.top)
            crops.append(
                _core.crop_float(patch.luma, moved, constants.mean, constants.scale, "gray")
            )
        return np.stack(crops[::-1]) if crops else np.empty((0, 128, 128), np.float32)

    def clear(self) -> None:
        """Forget all patches."""
        self._patches.clear()
        self.bytes = 0

    def _drop(self) -> Luma:
        luma = self._patches.popleft().luma
        self.bytes -= luma.nbytes
        return luma


def _region(frame: Frame, transform: Transform) -> tuple[int, int, int, int]:
    """Left, top, right and bottom (beyond the last) of the padded crop within the picture."""
    corners = apply(_core.invert_transform(transform), _CORNERS)
    low, high = corners.min(axis=0), corners.max(axis=0)
    pad = _PADDING * (high - low)
    left, top = np.floor(low - pad).clip(0).astype(int).tolist()
    right, bottom = np.ceil(high + pad + 1).astype(int).tolist()
    return left, top, min(right, frame.width), min(bottom, frame.height)
