"""Steadier points of a small face: look again, enlarged and upright, plain and mirrored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core

Points = NDArray[np.float64]

# Side of the view in pixels, and the part of it that the five points' box takes: the face is
# then about 190 pixels wide, well inside the range YuNet was trained on.
VIEW = 256
FRACTION = 0.375
# The alignment gives the five points' box this part of its side (2.5 in the official formula).
_ALIGNED_FRACTION = 1 / 2.5
# Eyes and mouth corners change places in a mirror.
_MIRRORED = [1, 0, 2, 4, 3]


def averaged_points(
    image: NDArray[np.uint8],
    points: Points,
    find: Callable[[NDArray[np.uint8]], Points],
    cv2: Any,
) -> Points:
    """Mean of `points` as seen in an enlarged, upright view of the face and in its mirror image.

    Args:
        image: BGR, uint8 [height, width, 3].
        points: float64 [5, 2], image pixels.
        find: gives the five points of each face in a view, [faces, 5, 2].
        cv2: the OpenCV module.

    Returns:
        float64 [5, 2], image pixels; `points` themselves where the face is lost in both views.
    """
    transform = view_transform(points)
    view = _warp(image, transform, cv2)
    expected = _map(transform, points)
    plain = _nearest(find(view), expected)
    mirrored = _nearest(find(np.ascontiguousarray(view[:, ::-1])), _mirror(expected))
    seen = [plain, None if mirrored is None else _mirror(mirrored)]
    kept = [points for points in seen if points is not None]
    if not kept:
        return points
    return _map(_core.invert_transform(transform), np.mean(kept, axis=0))


def view_transform(points: Points) -> NDArray[np.float64]:
    """The official alignment (float64 [2, 3]), scaled and centred to the view."""
    scale = FRACTION * VIEW / (_ALIGNED_FRACTION * (_core.ALIGNED_SIZE - 1))
    transform = scale * _core.alignment_transform(points)
    transform[:, 2] += (VIEW - 1) / 2 - scale * (_core.ALIGNED_SIZE - 1) / 2
    return transform


def _warp(image: NDArray[np.uint8], transform: NDArray[np.float64], cv2: Any) -> NDArray[np.uint8]:
    scale = float(np.sqrt(np.linalg.det(transform[:, :2])))
    if scale < 0.5:
        # A bilinear warp reads 2 x 2 pixels: one that shrinks further would skip some.
        image = cv2.resize(image, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA)
        transform = transform.copy()
        transform[:, 2] += transform[:, :2] @ np.full(2, 0.5 / (2 * scale) - 0.5)
        transform[:, :2] /= 2 * scale
    view: NDArray[np.uint8] = cv2.warpAffine(
        image,
        transform,
        (VIEW, VIEW),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(128, 128, 128),
    )
    return view


def _map(transform: NDArray[np.float64], points: Points) -> Points:
    mapped: Points = points @ transform[:, :2].T + transform[:, 2]
    return mapped


def _mirror(points: Points) -> Points:
    mirrored = points[_MIRRORED].copy()
    mirrored[:, 0] = VIEW - 1 - mirrored[:, 0]
    return mirrored


def _nearest(faces: Points, expected: Points) -> Points | None:
    """The face whose points lie nearest to where they are expected, unless it is another one."""
    if not len(faces):
        return None
    distances = np.linalg.norm(faces - expected, axis=2).mean(axis=1)
    nearest = int(distances.argmin())
    return faces[nearest] if distances[nearest] < FRACTION * VIEW / 2 else None
