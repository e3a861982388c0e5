"""Alignment through the SDK's own C++ core, so that training sees the pixels of deployment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from training.data.options import Alignment

ALIGNED = _core.ALIGNED_SIZE
_CROP, _OFFSET = _core.CROP_SIZE, _core.CROP_OFFSET

Transform = NDArray[np.float64]


def five_points(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Eye centres, nose tip and mouth corners [..., 5, 2] of landmarks [..., 68, 2].

    Example:
        >>> import numpy as np
        >>> five_points(np.zeros((8, 68, 2))).shape
        (8, 5, 2)
    """
    points = [
        landmarks[..., 36:42, :].mean(-2),
        landmarks[..., 42:48, :].mean(-2),
        landmarks[..., 30, :],
        landmarks[..., 48, :],
        landmarks[..., 54, :],
    ]
    return np.stack(points, axis=-2).astype(np.float64)


def clip_transforms(landmarks: NDArray[np.floating], alignment: Alignment) -> Transform:
    """Transforms [n, 2, 3] from pixels of the frames to the 144 aligned face.

    Args:
        landmarks: [n, 68, 2] in pixels of the frames.
        alignment: ``anchored`` repeats the transform of the mean points, ``per_frame`` gives
            every frame its own.

    Raises:
        ArrayError: the points have no extent.
    """
    points = five_points(landmarks)
    if alignment == "anchored":
        one = _core.alignment_transform(np.ascontiguousarray(points.mean(0)))
        return np.repeat(one[None], len(landmarks), axis=0)
    return np.stack([_core.alignment_transform(np.ascontiguousarray(p)) for p in points])


def to_aligned(points: NDArray[np.floating], transform: Transform) -> NDArray[np.float32]:
    """Points [..., 2] of a frame in pixels of the aligned face."""
    return (points @ transform[:, :2].T + transform[:, 2]).astype(np.float32)


def aligned_face(image: NDArray[np.uint8], transform: Transform) -> NDArray[np.uint8]:
    """The aligned face, uint8 luma [144, 144], of a BGR frame.

    The core crops 128 × 128 at offset (8, 8); the corners come from shifted transforms, and
    the middle is the very crop that the SDK makes.
    """
    face = np.empty((ALIGNED, ALIGNED), np.uint8)
    image = np.ascontiguousarray(image)
    for left, top in ((0, 0), (2, 0), (0, 2), (2, 2), (1, 1)):
        x, y = left * _OFFSET, top * _OFFSET
        shifted = transform.copy()
        shifted[:, 2] += (_OFFSET - x, _OFFSET - y)
        face[y : y + _CROP, x : x + _CROP] = _core.crop_uint8(image, shifted)
    return face
