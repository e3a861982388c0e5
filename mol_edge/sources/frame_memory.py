"""Pictures in memory that two processes share."""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import OptionError

_SLOTS = 4
_HEAD = 64
_PAGE = 4096


class FrameMemory:
    """A ring of slots, written by one process and copied from by another, without locks.

    A slot begins with the number of its picture. The writer clears it, writes the pixels, then
    sets it; a reader that finds another number before or after copying knows that the writer
    has come round and overwritten what it wanted. The memory has no name in any file system, so
    nothing remains of it, however the processes end.

    Args:
        fd: file descriptor of the memory in the process that did not make it.

    Raises:
        OptionError: this system has no anonymous memory that can be shared (Linux has).

    Example:
        >>> memory = FrameMemory()
        >>> image = np.arange(12, dtype=np.uint8).reshape(3, 4)
        >>> at = memory.write(1, image)
        >>> np.array_equal(memory.read(1, at, image.shape), image)
        True
        >>> memory.read(2, at, image.shape) is None
        True
        >>> memory.close()
    """

    def __init__(self, fd: int | None = None) -> None:
        if fd is None:
            if not hasattr(os, "memfd_create"):
                raise OptionError(
                    "Reading in a process of its own needs Linux's memfd_create, which this "
                    "system lacks: set LiveOptions(guard='thread')."
                )
            fd = os.memfd_create("mol-edge-frames", os.MFD_CLOEXEC)
        self.fd = fd
        self._slot_bytes = 0
        self._map: mmap.mmap | None = None

    def write(self, number: int, image: NDArray[np.uint8]) -> int:
        """Put a picture into the next slot; the slot's offset. `number` must be above 0."""
        self._grow(image.nbytes)
        assert self._map is not None
        at = (number % _SLOTS) * self._slot_bytes
        self._set_number(at, 0)
        target = np.frombuffer(self._map, np.uint8, image.nbytes, at + _HEAD)
        np.copyto(target.reshape(image.shape), image)
        self._set_number(at, number)
        return at

    def read(self, number: int, at: int, shape: Sequence[int]) -> NDArray[np.uint8] | None:
        """A copy of picture `number` at offset `at`, or None where it has been overwritten."""
        count = int(np.prod(shape))
        if self._map is None or len(self._map) < at + _HEAD + count:
            self._remap()
        assert self._map is not None
        if len(self._map) < at + _HEAD + count or self._number(at) != number:
            return None
        image = np.frombuffer(self._map, np.uint8, count, at + _HEAD).reshape(shape).copy()
        return image if self._number(at) == number else None

    def close(self) -> None:
        """Give the memory back."""
        if self._map is not None:
            self._map.close()
            self._map = None
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def _grow(self, image_bytes: int) -> None:
        needed = -(-(_HEAD + image_bytes) // _PAGE) * _PAGE
        if needed > self._slot_bytes:
            self._slot_bytes = needed
            os.ftruncate(self.fd, _SLOTS * needed)
            self._remap()

    def _remap(self) -> None:
        # The old map is left to the collector: a view of it may be in use.
        self._map = mmap.mmap(self.fd, os.fstat(self.fd).st_size)

    def _number(self, at: int) -> int:
        assert self._map is not None
        return int.from_bytes(self._map[at : at + 8], "little")

    def _set_number(self, at: int, number: int) -> None:
        assert self._map is not None
        self._map[at : at + 8] = number.to_bytes(8, "little")
