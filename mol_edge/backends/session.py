"""What the backends share: graphs opened when first run, inputs checked, one call at a time."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mol_edge.backends.base import BackendOptions, Tensors
from mol_edge.backends.device import Device, default_threads
from mol_edge.bundle import Bundle
from mol_edge.errors import ArrayError, BundleError, DeviceError
from mol_edge.graph_info import TensorInfo

T = TypeVar("T")

Runner = Callable[[Tensors], dict[str, NDArray[Any]]]


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

    def __init__(self, bundle: Bundle, device: Device, options: BackendOptions) -> None:
        self.bundle = bundle
        self.options = options
        self.threads = options.threads or default_threads()
        self.reasons: tuple[str, ...] = ()
        self._device = device
        self._lock = threading.Lock()
        self._runners: dict[str, tuple[Mapping[str, TensorInfo], Runner]] = {}
        self._closed = False

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
        with self._lock:
            if self._closed:
                raise DeviceError(f"{self.device} was closed: open a backend anew.")
            if graph not in self._runners:
                form = self.form_of(graph)
                info = self.bundle.graph_info(graph, self.options.precision, form)
                self._runners[graph] = info.inputs, self._guard(lambda: self._load(graph, form))
            wanted, runner = self._runners[graph]
            _check_inputs(graph, wanted, inputs)
            return self._guard(lambda: runner(inputs))

    def close(self) -> None:
        """Give back what the runtime holds; `run` is refused from then on."""
        with self._lock:
            self._runners.clear()
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
            # Runtimes raise bare RuntimeError and classes of their own.
            raise DeviceError(
                f"{self.device} must run the graphs of {self.bundle.manifest.name} and failed "
                f"({first_line(error)}): run `mol-edge doctor` to see which devices work."
            ) from error


def first_line(error: BaseException) -> str:
    """The first line of an error's text that says something, at most 200 characters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]


def _check_inputs(graph: str, wanted: Mapping[str, TensorInfo], inputs: Tensors) -> None:
    if set(inputs) != set(wanted):
        raise ArrayError(
            f"The graph {graph} takes the inputs {', '.join(sorted(wanted))}, got "
            f"{', '.join(sorted(inputs)) or 'none'}."
        )
    batch: int | None = None
    for name, info in wanted.items():
        array = inputs[name]
        if not isinstance(array, np.ndarray) or array.dtype != np.dtype(info.type):
            came = f"{array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
            raise ArrayError(f"The input {name} of {graph} must be {info.type}, got {came}.")
        batch = _check_shape(f"The input {name} of {graph}", info.shape, array.shape, batch)


def _check_shape(
    what: str, wanted: tuple[int | str, ...], came: tuple[int, ...], batch: int | None
) -> int | None:
    """Compare shapes, every "N" being the same number from 1; returns that number."""
    fits = len(wanted) == len(came)
    for want, got in zip(wanted, came):
        if want == "N":
            batch = batch or got
            fits = fits and got == batch and got > 0
        else:
            fits = fits and got == want
    if not fits:
        text = ", ".join(str(batch) if size == "N" and batch else str(size) for size in wanted)
        raise ArrayError(f"{what} must be of shape ({text}), got {came}.")
    return batch
