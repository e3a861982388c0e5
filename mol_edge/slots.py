"""Preallocated arrays whose rows are lent: what is kept of frames without allocating per frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Tensor = NDArray[Any]

_ALIGNMENT = 64


def aligned_empty(shape: Sequence[int], dtype: DTypeLike) -> Tensor:
    """An uninitialised array that starts on a cache line, which vector code reads fastest."""
    kind = np.dtype(dtype)
    size = int(np.prod(shape)) * kind.itemsize
    raw = np.empty(size + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + size].view(kind).reshape(tuple(shape))


def empty_by_pixels(shape: Sequence[int], dtype: DTypeLike) -> Tensor:
    """The same for maps [N, channels, height, width], the channels of each pixel side by side.

    Example:
        >>> empty_by_pixels((2, 32, 16, 16), np.float32).strides
        (32768, 4, 2048, 128)
    """
    if len(shape) != 4:
        return aligned_empty(shape, dtype)
    count, channels, height, width = shape
    return np.moveaxis(aligned_empty((count, height, width, channels), dtype), 3, 1)


def is_by_pixels(array: Tensor) -> bool:
    """Whether an array lies as `empty_by_pixels` makes them."""
    return array.ndim == 4 and np.moveaxis(array, 1, 3).flags.c_contiguous


class Slots:
    """Named arrays of which each row is one slot; a slot is taken, filled and given back.

    Every kind of state lies in one array, addressed by slot, so that a runtime on another
    device can keep the arrays there. They grow by half when no slot is free.

    Args:
        kinds: shape of one row and element type, by name.
        count: slots at first.
        empty: makes the arrays, from shape and type; a device gives arrays of its own.

    Example:
        >>> slots = Slots({"enc3": ((32, 4, 4), np.float32)}, count=2)
        >>> at = slots.take()
        >>> slots.row("enc3", at).shape, slots.nbytes
        ((1, 32, 4, 4), 4096)
    """

    def __init__(
        self,
        kinds: Mapping[str, tuple[tuple[int, ...], DTypeLike]],
        count: int,
        empty: Callable[[Sequence[int], DTypeLike], Any] = aligned_empty,
    ) -> None:
        self._empty = empty
        self._arrays: dict[str, Tensor] = {
            name: empty((count, *shape), dtype) for name, (shape, dtype) in kinds.items()
        }
        # Written once, so that the memory is there from the start and does not creep in later.
        for array in self._arrays.values():
            array.fill(0)
        self._free = list(range(count - 1, -1, -1))
        self._count = count

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self._arrays.values())

    @property
    def taken(self) -> int:
        """Slots that are lent."""
        return self._count - len(self._free)

    def take(self) -> int:
        """A free slot; its rows hold anything."""
        if not self._free:
            self._grow()
        return self._free.pop()

    def give_back(self, slot: int) -> None:
        """End the loan of a slot."""
        self._free.append(slot)

    def row(self, name: str, slot: int) -> Tensor:
        """View [1, …] of a slot; one taken before the next `take` may be outdated by it."""
        return self._arrays[name][slot : slot + 1]

    def whole(self, name: str) -> Tensor:
        """All slots [count, …] of one kind; the next `take` may outdate it."""
        return self._arrays[name]

    def gather(self, name: str, slots: Sequence[int], out: Tensor) -> Tensor:
        """Copy the rows of some slots into `out` [len(slots), …], casting where types differ."""
        array = self._arrays[name]
        for i, slot in enumerate(slots):
            out[i] = array[slot]
        return out

    def scatter(self, name: str, slots: Sequence[int], rows: Tensor) -> None:
        """Copy rows [len(slots), …] into slots, casting where types differ."""
        array = self._arrays[name]
        for slot, row in zip(slots, rows):
            array[slot] = row

    def type_of(self, name: str) -> np.dtype[Any]:
        """Element type of one kind of state."""
        return self._arrays[name].dtype

    def _grow(self) -> None:
        count = self._count + max(1, self._count // 2)
        for name, array in self._arrays.items():
            larger = self._empty((count, *array.shape[1:]), array.dtype)
            larger[: self._count] = array
            larger[self._count :].fill(0)
            self._arrays[name] = larger
        self._free.extend(range(count - 1, self._count - 1, -1))
        self._count = count
