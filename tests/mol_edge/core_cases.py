"""Images, faces and transforms that the tests of the C++ core share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FORMATS = ("bgr", "rgb", "gray", "nv12", "yuyv")
_UPRIGHT = np.array([[-0.2, -0.15], [0.2, -0.15], [0, 0.05], [-0.16, 0.25], [0.16, 0.25]])


def face_points(x: float, y: float, width: float, angle: float = 0.0) -> NDArray[np.float64]:
    """Five alignment points of a face `width` pixels wide, turned by `angle`."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return width * _UPRIGHT @ np.array([[cosine, sine], [-sine, cosine]]) + [x, y]


def noise(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.uint8]:
    """Noise: neighbours differ as much as they can, so that misplaced samples show."""
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def noise_image(format: str, height: int = 240, width: int = 320) -> NDArray[np.uint8]:
    """Noise in the layout of a pixel format."""
    shapes: dict[str, tuple[int, ...]] = {
        "gray": (height, width),
        "nv12": (height * 3 // 2, width),
        "yuyv": (height, width, 2),
    }
    return noise(shapes.get(format, (height, width, 3)))
