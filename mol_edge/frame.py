"""A picture with its time: what sources hand to the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import ArrayError, OptionError

PixelFormat = Literal["bgr", "rgb", "gray", "nv12", "yuyv"]

MOST_NS = 1 << 62
"""Times below it, 146 years, can be added without leaving 64 bits."""

_SHAPES = {
    "bgr": "[height, width, 3]",
    "rgb": "[height, width, 3]",
    "gray": "[height, width]",
    "nv12": "[height * 3 / 2, width] with even height and width",
    "yuyv": "[height, width, 2] with even width",
}


@dataclass(frozen=True)
class Frame:
    """One picture of a source.

    Attributes:
        image: uint8 pixels, laid out as `format` says: ``bgr``/``rgb`` [height, width, 3],
            ``gray`` [height, width], ``nv12`` [height * 3 / 2, width] (luma rows, then
            interleaved chroma), ``yuyv`` [height, width, 2]. Rows may have any stride.
        timestamp_ns: capture time in integer nanoseconds of one monotonic clock.
        index: position in the source, from 0.
        format: pixel format.
        full_range: whether the luma of ``nv12``/``yuyv`` spans 0-255 (else 16-235, expanded).

    Raises:
        ArrayError: the image does not fit the format.
        OptionError: the format is unknown, or the timestamp negative, too large or no integer.

    Example:
        >>> import numpy as np
        >>> frame = Frame(np.zeros((480, 640, 3), np.uint8), timestamp_ns=0)
        >>> frame.width, frame.height
        (640, 480)
    """

    image: NDArray[np.uint8]
    timestamp_ns: int
    index: int = 0
    format: PixelFormat = "bgr"
    full_range: bool = False

    def __post_init__(self) -> None:
        if self.format not in _SHAPES:
            raise OptionError(
                f"Frame.format must be one of {', '.join(_SHAPES)}, got {self.format!r}."
            )
        if not isinstance(self.timestamp_ns, (int, np.integer)):
            raise OptionError(
                "Frame.timestamp_ns must be whole nanoseconds, got "
                f"{type(self.timestamp_ns).__name__} {self.timestamp_ns!r}."
            )
        if not 0 <= self.timestamp_ns < MOST_NS:
            raise OptionError(
                "Frame.timestamp_ns must be nanoseconds from 0 to below 2 to the power of 62, got "
                f"{self.timestamp_ns}."
            )
        if not isinstance(self.index, (int, np.integer)):
            raise OptionError(f"Frame.index must be a whole number, got {self.index!r}.")
        image = self.image
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
            array = isinstance(image, np.ndarray)
            came = f"an array of {image.dtype}" if array else type(image).__name__
            raise ArrayError(f"Frame.image must be a NumPy array of uint8, got {came}.")
        if not self._shape_fits():
            raise ArrayError(
                f"Frame.image of format {self.format!r} must be of shape "
                f"{_SHAPES[self.format]}, got {image.shape}."
            )

    def _shape_fits(self) -> bool:
        shape = self.image.shape
        if 0 in shape:
            return False
        if self.format in ("bgr", "rgb"):
            return len(shape) == 3 and shape[2] == 3
        if self.format == "gray":
            return len(shape) == 2
        if self.format == "nv12":
            return len(shape) == 2 and shape[0] % 3 == 0 and shape[1] % 2 == 0
        return len(shape) == 3 and shape[2] == 2 and shape[1] % 2 == 0

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels (of the luma, for ``nv12``)."""
        rows = int(self.image.shape[0])
        return rows * 2 // 3 if self.format == "nv12" else rows
