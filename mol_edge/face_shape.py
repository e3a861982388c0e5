"""The mean face: 68 landmarks placed by five points, for where no model gives better ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.similarity import apply, fit_similarity

Points = NDArray[np.float64]

# fmt: off
MEAN_SHAPE: Points = np.array([
    # jaw
    (-62, -25), (-61.5, -8), (-59.5, 9), (-56, 25), (-49.5, 40), (-39.5, 52), (-27.5, 60.5),
    (-14, 65.5), (0, 67.5), (14, 65.5), (27.5, 60.5), (39.5, 52), (49.5, 40), (56, 25), (59.5, 9),
    (61.5, -8), (62, -25),
    # brows
    (-49, -40), (-41.5, -46.5), (-32, -48.5), (-22, -46.5), (-13, -42), (13, -42), (22, -46.5),
    (32, -48.5), (41.5, -46.5), (49, -40),
    # nose
    (0, -29), (0, -18.5), (0, -8), (0, 2.5), (-12.5, 12), (-6.5, 14.2), (0, 15.8), (6.5, 14.2),
    (12.5, 12),
    # eyes
    (-38, -28), (-32, -32), (-24, -32), (-16.5, -27), (-24, -25), (-32, -25), (16.5, -27),
    (24, -32), (32, -32), (38, -28), (32, -25), (24, -25),
    # outer lips
    (-23.5, 28.6), (-15, 24.6), (-6, 22.2), (0, 23.4), (6, 22.2), (15, 24.6), (23.5, 28.6),
    (15, 35.3), (7, 38.6), (0, 39.4), (-7, 38.6), (-15, 35.3),
    # inner lips
    (-20.5, 29), (-7, 28.4), (0, 29.2), (7, 28.4), (20.5, 29), (7, 29.6), (0, 30.4), (-7, 29.6),
], np.float64)
# fmt: on
"""float64 [68, 2] in iBUG order: an average face, pixels of the 128 crop from its middle.

Drawn up from anthropometric proportions; placed by five true points it is off by 8% of the pupils'
distance inside the face, and by 17% along the jaw.
"""


def five_points(landmarks: NDArray[np.floating[Any]]) -> Points:
    """Eye centres, nose tip and mouth corners, float64 [5, 2], of 68 landmarks.

    Example:
        >>> five_points(MEAN_SHAPE)[2].tolist()
        [0.0, 2.5]
    """
    eyes = [landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)]
    return np.stack([*eyes, *landmarks[[30, 48, 54]]]).astype(np.float64)


_MEAN_FIVE = five_points(MEAN_SHAPE)


def shape_of(points: Points) -> Points:
    """The mean face's 68 landmarks, float64 [68, 2], where five points [5, 2] say it is.

    Example:
        >>> bool(np.allclose(shape_of(2 * five_points(MEAN_SHAPE) + 5), 2 * MEAN_SHAPE + 5))
        True
    """
    return apply(fit_similarity(_MEAN_FIVE, points), MEAN_SHAPE)


def shape_in_crop(transform: Points, points: Points) -> NDArray[np.float32]:
    """The same in a crop, float32 [68, 2] in its pixels, by five points [5, 2] of the image.

    Args:
        transform: float64 [2, 3], image to aligned face.
        points: float64 [5, 2], image pixels.

    Example:
        >>> shape_in_crop(np.eye(2, 3), five_points(MEAN_SHAPE) + 72)[30].tolist()
        [64.0, 66.5]
    """
    return _core.place_shape(MEAN_SHAPE, _MEAN_FIVE, points, transform)
