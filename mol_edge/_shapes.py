"""The check of an array's shape that results share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import ArrayError


def check_shape(name: str, array: NDArray[np.generic], shape: tuple[int | None, ...]) -> None:
    """Raise ArrayError unless `array` is of `shape`, where None stands for any size.

    Example:
        >>> check_shape("points", np.zeros((5, 2)), (None, 2))
    """
    if array.shape == shape:
        return
    fits = len(array.shape) == len(shape) and all(
        want is None or want == got for want, got in zip(shape, array.shape)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise ArrayError(f"{name} must be of shape ({wanted}), got {array.shape}.")
