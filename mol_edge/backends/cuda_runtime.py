"""CUDA's runtime through NVIDIA's own bindings: calls that raise, one stream, pinned memory.

Works with `cuda-bindings` 12 and 13. Nothing here knows TensorRT.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mol_edge.backends.importing import import_runtime
from mol_edge.errors import DeviceError, DeviceMemoryError

STAGING_BYTES = 4 << 20
_OUT_OF_MEMORY = "cudaErrorMemoryAllocation"


def load_bindings() -> Any:
    """The module `cuda.bindings.runtime`; raises DeviceError where it is absent or broken."""
    return import_runtime("cuda.bindings.runtime", "cuda-bindings", "tensorrt")


def count_gpus() -> int:
    """NVIDIA GPUs that the driver shows; raises DeviceError where there is no driver."""
    bindings = load_bindings()
    return int(_checked(bindings, "cudaGetDeviceCount", bindings.cudaGetDeviceCount()))


def _checked(bindings: Any, name: str, result: tuple[Any, ...]) -> Any:
    """The value of a call, or the values if there are several; raises what its status means."""
    status, *values = result
    if int(status) != 0:
        text = getattr(status, "name", str(status))
        if text == _OUT_OF_MEMORY:
            raise DeviceMemoryError(
                f"The GPU has no memory left for {name}: close other programs that use it, or "
                "follow fewer faces."
            )
        raise DeviceError(f"CUDA must do {name} and failed with {text}: see `nvidia-smi`.")
    return values[0] if len(values) == 1 else tuple(values)


class Cuda:
    """One GPU and one stream of it. Serves one thread at a time, any thread after `enter`.

    Raises:
        MissingExtraError: NVIDIA's bindings are not installed.
        DeviceError: there is no such GPU, or the driver does not work.
    """

    def __init__(self, index: int) -> None:
        self.bindings = load_bindings()
        self.index = index
        count = int(self.call("cudaGetDeviceCount"))
        if index >= count:
            raise DeviceError(
                f"There must be an NVIDIA GPU number {index}, and the driver shows {count}: name "
                "another one, or see `nvidia-smi`."
            )
        self.enter()
        self.stream: Any = self.call(
            "cudaStreamCreateWithFlags", self.bindings.cudaStreamNonBlocking
        )
        self._staging: Pinned | None = None
        self._staged = 0

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function of the runtime by name; its status becomes an error."""
        return _checked(self.bindings, name, getattr(self.bindings, name)(*arguments))

    def enter(self) -> None:
        """Make the GPU the current one of the calling thread."""
        self.call("cudaSetDevice", self.index)

    @property
    def compute_capability(self) -> str:
        """Such as ``8.7`` for Orin."""
        kinds = self.bindings.cudaDeviceAttr
        parts = (kinds.cudaDevAttrComputeCapabilityMajor, kinds.cudaDevAttrComputeCapabilityMinor)
        numbers = [self.call("cudaDeviceGetAttribute", kind, self.index) for kind in parts]
        return ".".join(map(str, numbers))

    def synchronize(self) -> None:
        """Wait for everything that was asked of the stream."""
        self.call("cudaStreamSynchronize", self.stream)
        self._staged = 0

    def copy(self, target: int, source: int, size: int) -> None:
        """Copy bytes between addresses of either side, in the order of the stream."""
        kind = self.bindings.cudaMemcpyKind.cudaMemcpyDefault
        self.call("cudaMemcpyAsync", target, source, size, kind, self.stream)

    def upload(self, target: int, array: NDArray[Any]) -> None:
        """Copy a C-contiguous array to the GPU by way of pinned memory; it may change at once."""
        if self._staging is None:
            self._staging = Pinned(self, (STAGING_BYTES,), np.uint8)
        if array.nbytes > STAGING_BYTES:
            self.copy(target, array.ctypes.data, array.nbytes)
            self.synchronize()
            return
        if self._staged + array.nbytes > STAGING_BYTES:
            self.synchronize()
        place = self._staging.array[self._staged : self._staged + array.nbytes]
        place[:] = array.reshape(-1).view(np.uint8)
        self.copy(target, place.ctypes.data, array.nbytes)
        self._staged += -(-array.nbytes // 64) * 64

    def close(self) -> None:
        """Give back the stream and the staging memory."""
        if self._staging is not None:
            self._staging.free()
            self._staging = None
        if self.stream is not None:
            self.call("cudaStreamDestroy", self.stream)
            self.stream = None


class Pinned:
    """An array in memory that the GPU reads and writes by itself."""

    def __init__(self, cuda: Cuda, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self._cuda = cuda
        kind = np.dtype(dtype)
        size = int(np.prod(shape)) * kind.itemsize
        self.address: int | None = int(cuda.call("cudaMallocHost", size))
        raw = (ctypes.c_uint8 * size).from_address(self.address)
        self.array: NDArray[Any] = np.ctypeslib.as_array(raw).view(kind).reshape(shape)

    def free(self) -> None:
        """Give the memory back; the array must not be used any more."""
        address, self.address = self.address, None
        if address is not None:
            self.array = np.empty(0, self.array.dtype)
            self._cuda.call("cudaFreeHost", address)
