"""The crop that the network sees, of any frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.frame import Frame
from mol_edge.manifest import Normalisation


def normalised_crop(
    frame: Frame, transform: NDArray[np.float64], constants: Normalisation
) -> NDArray[np.float32]:
    """The aligned face, float32 [128, 128], as a model was trained on it.

    Args:
        frame: the picture.
        transform: float64 [2, 3], image to aligned face.
        constants: how luma is normalised.
    """
    return _core.crop_float(
        frame.image, transform, constants.mean, constants.scale, frame.format, frame.full_range
    )
