"""One engine at one batch size: fixed buffers on the GPU, and its work recorded as a CUDA graph."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorrt as trt
from numpy.typing import NDArray

from mol_edge.backends.base import Tensors
from mol_edge.backends.cuda_array import CudaArray
from mol_edge.backends.cuda_runtime import Cuda, Pinned
from mol_edge.errors import DeviceError, DeviceMemoryError
from mol_edge.graph_info import GraphInfo, TensorInfo

log = logging.getLogger(__name__)

Recording = tuple[frozenset[str], frozenset[str]]


class EngineRunner:
    """Runs an engine on arrays of either side.

    Its tensors have buffers of their own, so that addresses never change and the whole of a run,
    the way to the GPU, the engine and the way back, is recorded once and then launched as one.
    Arrays that lie on the GPU are copied to and from the buffers there. What NumPy holds passes
    through pinned memory.

    Args:
        engine: with one profile of one batch size.
        cuda: the GPU and the stream.
        info: what the manifest says of the graph.
        batch: the batch size.
        why: the last that TensorRT said was wrong, for messages.
    """

    def __init__(
        self,
        engine: trt.ICudaEngine,
        cuda: Cuda,
        info: GraphInfo,
        batch: int,
        why: Callable[[], str],
    ) -> None:
        self._cuda, self._why = cuda, why
        self._context = engine.create_execution_context()
        if self._context is None:
            raise DeviceMemoryError(
                f"The GPU has no memory left for an engine ({why()}): close other programs."
            )
        # Kept, since a context does not keep its engine.
        self._engine = engine
        shapes = {**_shapes(info.inputs, batch), **_shapes(info.outputs, batch)}
        self._inputs, self._outputs = frozenset(info.inputs), frozenset(info.outputs)
        self._buffers = {
            name: CudaArray(cuda, shape, kind) for name, (shape, kind) in shapes.items()
        }
        self._pinned: dict[str, Pinned] = {}
        self._recorded: dict[Recording, Any] = {}
        self._busy = False
        self._bind()

    def _bind(self) -> None:
        for name, buffer in self._buffers.items():
            kind = np.dtype(trt.nptype(self._engine.get_tensor_dtype(name)))
            if kind != buffer.dtype:
                raise DeviceError(
                    f"The engine must have {name} as {buffer.dtype}, as its manifest says, and has "
                    f"{kind}: run `mol-edge cache prune` and build it anew."
                )
            fits = name in self._outputs or self._context.set_input_shape(name, buffer.shape)
            if not fits or not self._context.set_tensor_address(name, buffer.address):
                raise DeviceError(
                    f"The engine must take {name} of shape {buffer.shape} and does not "
                    f"({self._why()}): run `mol-edge cache prune` and build it anew."
                )

    def run(self, inputs: Tensors, outputs: Tensors) -> None:
        """Run once, on inputs and outputs of the engine's batch size."""
        coming = frozenset(n for n, array in inputs.items() if isinstance(array, np.ndarray))
        going = frozenset(n for n, array in outputs.items() if isinstance(array, np.ndarray))
        if coming and self._busy:
            # The run before may still be reading the pinned memory.
            self._cuda.synchronize()
        for name, array in inputs.items():
            if name in coming:
                self._host(name)[...] = array
            else:
                self._buffers[name].write(array)
        self._launch((coming, going))
        for name in self._outputs - going:
            outputs[name].write(self._buffers[name])  # type: ignore[attr-defined]
        self._busy = not going
        if going:
            self._cuda.synchronize()
        for name in going:
            np.copyto(outputs[name], self._host(name))

    def _launch(self, recording: Recording) -> None:
        if recording not in self._recorded:
            for name in (*recording[0], *recording[1]):
                self._host(name)
            # Run once as it is: what TensorRT does at the first run cannot be recorded.
            self._enqueue(recording)
            self._cuda.synchronize()
            self._recorded[recording] = self._record(recording)
            return
        graph = self._recorded[recording]
        if graph is None:
            self._enqueue(recording)
        else:
            self._cuda.call("cudaGraphLaunch", graph, self._cuda.stream)

    def _record(self, recording: Recording) -> Any:
        """The work of a run as a CUDA graph, or None where it cannot be recorded."""
        cuda, modes = self._cuda, self._cuda.bindings.cudaStreamCaptureMode
        mode = modes.cudaStreamCaptureModeThreadLocal
        try:
            cuda.call("cudaStreamBeginCapture", cuda.stream, mode)
            try:
                self._enqueue(recording)
            finally:
                graph = cuda.call("cudaStreamEndCapture", cuda.stream)
            try:
                return cuda.call("cudaGraphInstantiate", graph, 0)
            finally:
                cuda.call("cudaGraphDestroy", graph)
        except DeviceMemoryError:
            raise
        except DeviceError as error:
            log.warning("An engine cannot be recorded as a CUDA graph and runs without: %s", error)
            return None

    def _enqueue(self, recording: Recording) -> None:
        cuda = self._cuda
        for name in sorted(recording[0]):
            buffer, host = self._buffers[name], self._pinned[name].array
            cuda.copy(buffer.address, host.ctypes.data, buffer.nbytes)
        if not self._context.execute_async_v3(int(cuda.stream)):
            raise DeviceError(f"TensorRT must run an engine and could not ({self._why()}).")
        for name in sorted(recording[1]):
            buffer, host = self._buffers[name], self._pinned[name].array
            cuda.copy(host.ctypes.data, buffer.address, buffer.nbytes)

    def _host(self, name: str) -> NDArray[Any]:
        if name not in self._pinned:
            buffer = self._buffers[name]
            self._pinned[name] = Pinned(self._cuda, buffer.shape, buffer.dtype)
        return self._pinned[name].array

    def close(self) -> None:
        """Give back the recordings and the pinned memory; the buffers go with the object."""
        self._cuda.synchronize()
        for graph in self._recorded.values():
            if graph is not None:
                self._cuda.call("cudaGraphExecDestroy", graph)
        self._recorded.clear()
        for pinned in self._pinned.values():
            pinned.free()
        self._pinned.clear()


def _shapes(
    tensors: Mapping[str, TensorInfo], batch: int
) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    return {
        name: (
            tuple(batch if size == "N" else int(size) for size in info.shape),
            np.dtype(info.type),
        )
        for name, info in tensors.items()
    }
