"""Arrays on the GPU, with as much of an array's interface as kept state needs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mol_edge.backends.cuda_runtime import Cuda
from mol_edge.errors import ArrayError


class _Memory:
    """Memory of the GPU that is given back when nothing refers to it any more."""

    def __init__(self, cuda: Cuda, size: int) -> None:
        self._cuda = cuda
        self.address = int(cuda.call("cudaMalloc", size))

    def __del__(self) -> None:
        # A process that ends takes its memory with it, and then the bindings may be gone.
        address, self.address = getattr(self, "address", 0), 0
        if address and self._cuda.stream is not None:
            self._cuda.call("cudaFree", address)


class CudaArray:
    """A C-contiguous array on the GPU, cut along its first axis alone.

    Copies are in the order of one stream. `numpy.asarray` fetches the values.

    Attributes:
        address: where its first element lies.
        shape: as of an array.
        dtype: as of an array.
    """

    def __init__(
        self,
        cuda: Cuda,
        shape: tuple[int, ...],
        dtype: DTypeLike,
        memory: _Memory | None = None,
        address: int | None = None,
    ) -> None:
        self.cuda = cuda
        self.shape = tuple(int(size) for size in shape)
        self.dtype = np.dtype(dtype)
        self._memory = memory or _Memory(cuda, max(1, self.nbytes))
        self.address = self._memory.address if address is None else address

    @property
    def nbytes(self) -> int:
        """Bytes of its elements."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: int | slice | None) -> CudaArray:
        """A view: one row, some rows in a row, or the whole with a new first axis."""
        if key is None:
            return self._view((1, *self.shape), 0)
        if not self.shape:
            raise ArrayError("An array of the GPU without axes has no rows: read it with asarray.")
        if isinstance(key, slice):
            start, stop, step = key.indices(self.shape[0])
            if step != 1:
                raise ArrayError(f"Rows of an array of the GPU must follow each other, got {key}.")
            return self._view((max(0, stop - start), *self.shape[1:]), start)
        at = range(self.shape[0])[key]
        return self._view(self.shape[1:], at)

    def _view(self, shape: tuple[int, ...], row: int) -> CudaArray:
        size = self.nbytes // self.shape[0] if self.shape and self.shape[0] else 0
        return CudaArray(self.cuda, shape, self.dtype, self._memory, self.address + row * size)

    def __setitem__(self, key: int | slice, value: CudaArray | NDArray[Any]) -> None:
        if np.isscalar(value):
            self[key].fill(value)
        else:
            self[key].write(value)

    def write(self, value: CudaArray | NDArray[Any]) -> None:
        """Take the elements of an array of either side, of the same type and as many.

        Raises:
            ArrayError: it has another type or another shape.
        """
        if value.dtype != self.dtype or _core(value.shape) != _core(self.shape):
            raise ArrayError(
                f"An array of the GPU takes {self.dtype} {self.shape} here, got {value.dtype} "
                f"{value.shape}."
            )
        if isinstance(value, CudaArray):
            self.cuda.copy(self.address, value.address, self.nbytes)
        else:
            self.cuda.upload(self.address, np.ascontiguousarray(value))

    def fill(self, value: object) -> None:
        """Set all bytes to zero, the only value there is need of."""
        if value != 0:
            raise ArrayError(f"An array of the GPU can be filled with 0 alone, got {value}.")
        self.cuda.call("cudaMemsetAsync", self.address, 0, self.nbytes, self.cuda.stream)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """The values, once the stream has come to them."""
        out = np.empty(self.shape, self.dtype)
        self.cuda.copy(out.ctypes.data, self.address, self.nbytes)
        self.cuda.synchronize()
        return out if dtype is None else out.astype(dtype)


def _core(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without leading axes of 1, which rows and stacks of one differ by."""
    at = 0
    while at < len(shape) and shape[at] == 1:
        at += 1
    return shape[at:]
