"""What the backends share: graphs opened when first run, inputs checked, one call at a time."""

from __future__ import annotations

import logging
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mol_edge.backends.base import BackendOptions, BackendState, Memory, Tensors
from mol_edge.backends.build_progress import OnProgress
from mol_edge.backends.checks import check_inputs, check_outputs, is_contiguous
from mol_edge.backends.device import Device, default_threads
from mol_edge.bundle import Bundle
from mol_edge.errors import ArrayError, BundleError, DeviceError, DeviceMemoryError
from mol_edge.graph_info import GraphInfo, TensorInfo

T = TypeVar("T")

log = logging.getLogger(__name__)

_NO_MEMORY = re.compile(
    r"out of memory|OUT_OF_MEMORY|Failed to allocate memory|bad_alloc|CL_OUT_OF_RESOURCES"
    r"|CL_MEM_OBJECT_ALLOCATION_FAILURE|BFCArena",
    re.IGNORECASE,
)

SEE_DOCTOR = "run `mol-edge doctor` to see which devices work"

Runner = Callable[[Tensors, Tensors], None]
"""Runs a graph on checked C-contiguous inputs, into C-contiguous outputs that fit them."""


@dataclass(frozen=True)
class _Graph:
    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]
    run: Runner


class SessionBackend(ABC):
    """A bundle's graphs on one device of one runtime.

    A graph is loaded when it is first run, so `clip` costs nothing to those who never run it.
    Threads may share an instance: its calls take turns.

    Raises:
        DeviceError: the device does not work here.
        BundleError: the bundle has no graphs in a form that the runtime takes.
    """

    forms: tuple[str, ...] = ("onnx",)
    """Forms of a graph that the runtime reads, the preferred one first."""

    memory: Memory | None = None
    """Where arrays that are passed from run to run had best lie; None for NumPy's own."""

    def __init__(self, bundle: Bundle, device: Device, options: BackendOptions) -> None:
        self.bundle = bundle
        self.options = options
        self.threads = options.threads or default_threads()
        self.reasons: tuple[str, ...] = ()
        self._device = device
        self.state = BackendState.READY
        self._lock = threading.Lock()
        self._graphs: dict[str, _Graph] = {}
        self._closed = False

    @property
    def on_gpu(self) -> bool:
        """Whether the device has a memory of its own to run out of."""
        return self._device.target.lower() != "cpu"

    @property
    def device(self) -> str:
        """The device in full, such as ``onnxruntime:cpu``."""
        return str(self._device)

    def run(self, graph: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        """Run one graph of the bundle.

        Args:
            graph: name of the graph (see `mol_edge.graph_info.GRAPH_TENSORS`).
            inputs: arrays with the names, types and shapes of the manifest, batch size N ≥ 1.

        Returns:
            The outputs by name; the caller owns them.

        Raises:
            ArrayError: an input is missing, unknown, or of another type or shape.
            BundleError: the bundle has no such graph.
            DeviceError: the device failed, or the backend is closed.
        """

        def once() -> dict[str, NDArray[Any]]:
            opened = self._opened(graph)
            batch = check_inputs(graph, opened.inputs, inputs)
            outputs = {
                name: np.empty([batch, *map(int, info.shape[1:])], info.type)
                for name, info in opened.outputs.items()
            }
            self._call(opened, inputs, outputs)
            return outputs

        with self._lock:
            return self._with_one_rebuild(once)

    def run_into(self, graph: str, inputs: Tensors, outputs: Tensors) -> None:
        """Run one graph of the bundle into arrays that the caller keeps.

        Args:
            graph: name of the graph.
            inputs: as for `run`.
            outputs: C-contiguous arrays for all outputs, with the types and shapes of the manifest
                at the batch size of the inputs, none sharing memory with an input.

        Raises:
            ArrayError: an input or output is missing, unknown, or does not fit.
            BundleError: the bundle has no such graph.
            DeviceError: the device failed, or the backend is closed.
        """

        def once() -> None:
            opened = self._opened(graph)
            batch = check_inputs(graph, opened.inputs, inputs)
            check_outputs(graph, opened.outputs, outputs, batch, self._lies_well)
            self._call(opened, inputs, outputs)

        with self._lock:
            self._with_one_rebuild(once)

    def outputs_of(self, graph: str) -> Mapping[str, TensorInfo]:
        """Names, types and shapes of a graph's outputs; raises BundleError where it is absent."""
        return self._info(graph, self.form_of(graph)).outputs

    def inputs_of(self, graph: str) -> Mapping[str, TensorInfo]:
        """The same of its inputs."""
        return self._info(graph, self.form_of(graph)).inputs

    def prepare(self) -> None:  # noqa: B027 (most runtimes build nothing)
        """Build what must be built before the first frame."""

    def is_ready(self, graph: str, batch: int = 1) -> bool:
        """Whether a graph runs within seconds, with nothing to be built for minutes before."""
        return True

    def build(self, graph: str, batch: int = 1, on_progress: OnProgress | None = None) -> None:
        """Build what a graph needs at a batch size; raises DeviceError where nothing is built."""
        raise DeviceError(f"{self.device} builds nothing ahead: open it and run {graph}.")

    def close(self) -> None:
        """Give back what the runtime holds; `run` is refused from then on."""
        with self._lock:
            self._release()
            self._closed = True

    def __enter__(self) -> SessionBackend:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def form_of(self, graph: str) -> str:
        """The form in which a graph is run; raises BundleError where the bundle has none."""
        for form in self.forms:
            if self.bundle.has(graph, self.options.precision, form):
                return form
        # Raises, and says which graphs there are.
        self.bundle.graph_info(graph, self.options.precision, self.forms[-1])
        raise AssertionError("unreachable")

    def _info(self, graph: str, form: str) -> GraphInfo:
        return self.bundle.graph_info(graph, self.options.precision, form)

    def _opened(self, graph: str) -> _Graph:
        if self._closed:
            raise DeviceError(f"{self.device} was closed: open a backend anew.")
        if graph not in self._graphs:
            form = self.form_of(graph)
            info = self._info(graph, form)
            runner = self._guard(lambda: self._load(graph, form))
            self._graphs[graph] = _Graph(info.inputs, info.outputs, runner)
        return self._graphs[graph]

    def _call(self, opened: _Graph, inputs: Tensors, outputs: Tensors) -> None:
        ready = {
            name: np.require(array, requirements=["C", "A"])
            if isinstance(array, np.ndarray) and not self._lies_well(array)
            else array
            for name, array in inputs.items()
        }
        self._guard(lambda: opened.run(ready, outputs))

    def _lies_well(self, array: NDArray[Any]) -> bool:
        """Whether the runtime takes an array as it lies in memory."""
        return bool(array.flags.aligned) and is_contiguous(array)

    def _release(self) -> None:
        """Give back what loading the graphs took; they are loaded anew when they are next run."""
        self._graphs.clear()

    def _with_one_rebuild(self, call: Callable[[], T]) -> T:
        """Call; where the GPU has no memory left, free what can be and call once more.

        That is done once in the life of a backend. After that it is in the state
        `BackendState.OUT_OF_MEMORY`, and every call is refused at once.
        """
        if self.state is BackendState.OUT_OF_MEMORY:
            raise self._out_of_memory()
        try:
            return call()
        except DeviceMemoryError as error:
            if self.state is BackendState.READY:
                log.warning("%s has no memory left and is set up anew: %s", self.device, error)
                self.state = BackendState.REBUILT
                self._release()
                try:
                    return call()
                except DeviceMemoryError:
                    pass
            self.state = BackendState.OUT_OF_MEMORY
            self._release()
            raise self._out_of_memory() from error

    def _out_of_memory(self) -> DeviceMemoryError:
        return DeviceMemoryError(
            f"{self.device} had no memory left, also after it was set up anew: close other "
            "programs that use it or follow fewer faces, and open it again."
        )

    @abstractmethod
    def _load(self, graph: str, form: str) -> Runner:
        """Load one graph and return the function that runs it."""

    def _guard(self, call: Callable[[], T]) -> T:
        """Call, and turn what a runtime raises into DeviceError."""
        try:
            return call()
        except (ArrayError, BundleError, DeviceError, MemoryError):
            raise
        except Exception as error:
            if self.on_gpu and _NO_MEMORY.search(str(error)):
                raise DeviceMemoryError(
                    f"{self.device} must have memory for its graphs, and has none left "
                    f"({first_line(error)}): close other programs that use it."
                ) from error
            # Runtimes raise bare RuntimeError and classes of their own.
            raise DeviceError(
                f"{self.device} must run the graphs of {self.bundle.manifest.name} and failed "
                f"({first_line(error)}): {SEE_DOCTOR}."
            ) from error


def first_line(error: BaseException) -> str:
    """The first line of an error's text that says something, at most 200 characters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]
