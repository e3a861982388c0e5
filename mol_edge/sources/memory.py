"""Frames that the caller already has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import Union

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import ArrayError
from mol_edge.frame import Frame
from mol_edge.sources.base import Source, SourceOptions, check_size

Image = NDArray[np.uint8]
Item = Union[Frame, Image, "tuple[Image, int]"]


class MemorySource(Source):
    """Any iterable of `Frame`, of images, or of (image, timestamp in nanoseconds).

    Images alone get the timestamps of a camera of `SourceOptions.fps`.
    """

    def __init__(self, items: Iterable[Item], options: SourceOptions) -> None:
        self._items = items
        self._image_period_ns = options.period_ns
        self.frame_count = len(items) if isinstance(items, Sized) else None

    def __iter__(self) -> Iterator[Frame]:
        """The frames; raises ArrayError at an item that is none."""
        for index, item in enumerate(self._items):
            yield check_size(as_frame(item, index, self._image_period_ns), f"frame {index}")


def as_frame(item: object, index: int, period_ns: int) -> Frame:
    """An item as a frame: gray if it has two dimensions, else BGR.

    Raises:
        ArrayError: it is no frame, no uint8 image and no (image, timestamp).
    """
    if isinstance(item, Frame):
        return item
    given, timestamp_ns = item, index * period_ns
    if isinstance(item, tuple) and len(item) == 2:
        item, timestamp_ns = item
    if not isinstance(item, np.ndarray) or not isinstance(timestamp_ns, (int, np.integer)):
        came = type(given).__name__
        if isinstance(given, tuple):
            came = f"({', '.join(type(each).__name__ for each in given)})"
        raise ArrayError(
            "A source must give Frame objects, uint8 images or (image, timestamp in nanoseconds, "
            f"an int), got {came} at position {index}."
        )
    return Frame(item, int(timestamp_ns), index, "gray" if item.ndim == 2 else "bgr")
