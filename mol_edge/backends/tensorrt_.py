"""TensorRT through its Python API, as JetPack ships it; import it only where `tensorrt` is.

State that graphs pass to each other stays on the GPU (`TensorRtBackend.memory`). Engines are built
once and kept (`engine_cache`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence

import numpy as np
import tensorrt as trt
from numpy.typing import DTypeLike

from mol_edge.backends.base import BackendOptions, Tensors
from mol_edge.backends.build_progress import OnProgress
from mol_edge.backends.cuda_array import CudaArray
from mol_edge.backends.cuda_runtime import Cuda
from mol_edge.backends.device import Device
from mol_edge.backends.engine_cache import EngineCache, EngineKey, Machine
from mol_edge.backends.session import Runner, SessionBackend
from mol_edge.backends.tensorrt_build import BuildRequest, build_engine
from mol_edge.backends.tensorrt_engine import EngineRunner
from mol_edge.backends.trial import SMALL_GRAPHS
from mol_edge.bundle import Bundle
from mol_edge.errors import DeviceError, DeviceMemoryError
from mol_edge.jetson import l4t_release

log = logging.getLogger(__name__)


class CudaMemory:
    """The GPU's memory, for state that lives longer than a run; see `base.Memory`."""

    def __init__(self, backend: TensorRtBackend) -> None:
        self._backend = backend

    def empty(self, shape: Sequence[int], dtype: DTypeLike) -> CudaArray:
        """An array on the GPU; raises DeviceMemoryError where there is no room."""
        return self._backend.allocate(tuple(shape), dtype)


class TensorRtBackend(SessionBackend):
    """A bundle's ONNX graphs as TensorRT engines; see `SessionBackend`.

    A batch is run by engines of the sizes that are there: batch 1 always, larger ones where
    `mol-edge warmup --batch` built them. So no face that comes into view starts a build.
    """

    forms = ("tensorrt", "onnx")

    def __init__(self, bundle: Bundle, device: Device, options: BackendOptions) -> None:
        super().__init__(bundle, device, options)
        self._cuda = Cuda(device.index)
        self._logger = _Log()
        self._runtime = trt.Runtime(self._logger)
        self.machine = Machine(trt.__version__, self._cuda.compute_capability, l4t_release())
        self.cache = EngineCache(options.cache_dir)
        self.memory = CudaMemory(self)
        self._runners: dict[tuple[str, int], EngineRunner] = {}

    def key(self, graph: str, batch: int = 1) -> EngineKey:
        """What the engine of a graph depends on."""
        info = self._info(graph, self.form_of(graph))
        files = self.bundle.manifest.files
        parts = [files[path].sha256 for path in (info.file, info.weights) if path is not None]
        digest = hashlib.sha256("".join(parts).encode()).hexdigest()
        return EngineKey(graph, digest, self.options.precision, batch, self.machine)

    def is_ready(self, graph: str, batch: int = 1) -> bool:
        """Whether the engine of a graph need not be built first."""
        return self.cache.has(self.key(graph, batch))

    def prepare(self) -> None:
        """Build the engines of a stream that are not there yet, which takes minutes once."""
        for graph in SMALL_GRAPHS:
            if not self.is_ready(graph):
                self.build(graph)

    def build(self, graph: str, batch: int = 1, on_progress: OnProgress | None = None) -> None:
        """Build an engine and keep it, also where there is one.

        Raises:
            DeviceError: TensorRT cannot build it.
            OutputError: the cache cannot be written to.
        """
        with self._lock:
            self._guard(lambda: self._build(graph, batch, on_progress))

    def _build(self, graph: str, batch: int, on_progress: OnProgress | None = None) -> bytes:
        self._cuda.enter()
        form, key = self.form_of(graph), self.key(graph, batch)
        request = BuildRequest(
            graph,
            self.bundle.graph(graph, self.options.precision, form).onnx(),
            self._info(graph, form).inputs,
            batch,
            self.cache.load_timing(self.machine),
            self.cache.expected_seconds(graph, self.machine),
        )
        built = build_engine(self._logger, request, on_progress)
        self.cache.store(key, built.engine, built.seconds)
        self.cache.store_timing(self.machine, built.timing)
        return built.engine

    def allocate(self, shape: tuple[int, ...], dtype: DTypeLike) -> CudaArray:
        """An array on the GPU for state; where there is no room, the engines are freed once."""
        with self._lock:
            self._cuda.enter()
            return self._with_one_rebuild(lambda: CudaArray(self._cuda, shape, np.dtype(dtype)))

    def _load(self, graph: str, form: str) -> Runner:
        larger = {
            entry.key.batch
            for entry in self.cache.entries()
            if entry.key is not None and entry.key == self.key(graph, entry.key.batch)
        }
        sizes = sorted({1, *larger}, reverse=True)

        def run(inputs: Tensors, outputs: Tensors) -> None:
            self._cuda.enter()
            count = len(next(iter(inputs.values())))
            for rows in _parts(count, sizes):
                self._runner(graph, form, rows.stop - rows.start).run(
                    {name: array[rows] for name, array in inputs.items()},
                    {name: array[rows] for name, array in outputs.items()},
                )

        return run

    def _runner(self, graph: str, form: str, batch: int) -> EngineRunner:
        if (graph, batch) not in self._runners:
            engine = self._engine(graph, batch)
            info = self._info(graph, form)
            runner = EngineRunner(engine, self._cuda, info, batch, self._logger.last)
            self._runners[graph, batch] = runner
        return self._runners[graph, batch]

    def _engine(self, graph: str, batch: int) -> trt.ICudaEngine:
        """The kept engine; one that is absent, damaged or refused is built."""
        content = self.cache.load(self.key(graph, batch))
        if content is not None:
            engine = self._deserialised(content)
            if engine is not None:
                return engine
            log.warning("TensorRT refuses a kept engine of %s (%s).", graph, self._logger.last())
        engine = self._deserialised(self._build(graph, batch))
        if engine is None:
            raise DeviceError(
                f"TensorRT must load the engine of {graph} that it built and does not "
                f"({self._logger.last()}): see `mol-edge doctor`."
            )
        return engine

    def _deserialised(self, content: bytes) -> trt.ICudaEngine | None:
        self._logger.forget()
        engine: trt.ICudaEngine | None = self._runtime.deserialize_cuda_engine(content)
        if engine is None and "memory" in self._logger.last().lower():
            raise DeviceMemoryError(
                f"The GPU has no memory left to load an engine ({self._logger.last()}): close "
                "other programs that use it."
            )
        return engine

    def _release(self) -> None:
        self._cuda.enter()
        for runner in self._runners.values():
            runner.close()
        self._runners.clear()
        super()._release()

    def close(self) -> None:
        """Give back what the runtime holds; `run` is refused from then on."""
        if not self._closed:
            super().close()
            self._cuda.close()


def _parts(count: int, sizes: Sequence[int]) -> Iterator[slice]:
    """Rows in turn, each part as large as one of `sizes`, which fall and end with 1."""
    start = 0
    while start < count:
        size = next(size for size in sizes if size <= count - start)
        yield slice(start, start + size)
        start += size


class _Log(trt.ILogger):  # type: ignore[misc]
    """Passes on what TensorRT says, more quietly than it does, and remembers the last error."""

    def __init__(self) -> None:
        # The binding refuses an object whose base was not initialised by name.
        trt.ILogger.__init__(self)
        self._last = ""

    def log(self, severity: trt.ILogger.Severity, msg: str) -> None:
        levels = {
            trt.ILogger.Severity.INTERNAL_ERROR: logging.WARNING,
            trt.ILogger.Severity.ERROR: logging.WARNING,
            trt.ILogger.Severity.WARNING: logging.INFO,
        }
        level = levels.get(severity, logging.DEBUG)
        if level == logging.WARNING:
            self._last = msg
        log.log(level, "TensorRT: %s", msg)

    def last(self) -> str:
        """The last error, or that there was none."""
        return self._last[:200] or "it gave no reason"

    def forget(self) -> None:
        """Forget the last error."""
        self._last = ""
