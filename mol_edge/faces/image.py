"""Frames as OpenCV's detectors want them; OpenCV is imported when it is first needed."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import DeviceError, MissingExtraError
from mol_edge.frame import Frame


def opencv(purpose: str, attribute: str) -> Any:
    """The module `cv2`, which must have `attribute`.

    Raises:
        MissingExtraError: OpenCV is not installed.
        DeviceError: this OpenCV was built without what `purpose` needs, or is too old or new.
    """
    try:
        cv2 = importlib.import_module("cv2")
    except ImportError as error:
        raise MissingExtraError("opencv-python", "cpu", purpose) from error
    if not hasattr(cv2, attribute):
        raise DeviceError(
            f"{purpose} needs cv2.{attribute}, which OpenCV {cv2.__version__} does not have: "
            'install OpenCV 4.8 or later below 5 (`pip install "opencv-python>=4.8,<5"`).'
        )
    return cv2


def to_bgr(frame: Frame, cv2: Any) -> NDArray[np.uint8]:
    """`frame` as contiguous BGR, uint8 [height, width, 3]."""
    # The chroma conversions take every YUV frame as limited-range; the slight contrast
    # that a full-range frame gains by it moves no face.
    codes = {
        "rgb": "COLOR_RGB2BGR",
        "gray": "COLOR_GRAY2BGR",
        "nv12": "COLOR_YUV2BGR_NV12",
        "yuyv": "COLOR_YUV2BGR_YUYV",
    }
    return _converted(frame, codes, cv2)


def to_gray(frame: Frame, cv2: Any) -> NDArray[np.uint8]:
    """Luma of `frame`, contiguous, uint8 [height, width]; a camera's own luma as it is."""
    if frame.format == "nv12":
        return np.ascontiguousarray(frame.image[: frame.height])
    if frame.format == "yuyv":
        return np.ascontiguousarray(frame.image[..., 0])
    return _converted(frame, {"bgr": "COLOR_BGR2GRAY", "rgb": "COLOR_RGB2GRAY"}, cv2)


def _converted(frame: Frame, codes: dict[str, str], cv2: Any) -> NDArray[np.uint8]:
    image = np.ascontiguousarray(frame.image)
    if frame.format not in codes:
        return image
    converted: NDArray[np.uint8] = cv2.cvtColor(image, getattr(cv2, codes[frame.format]))
    return converted
