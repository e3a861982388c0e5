"""The network's graphs on arrays that are allocated once, and on a whole clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mol_edge.backends.base import Backend, Tensors
from mol_edge.slots import aligned_empty
from mol_edge.windows import PAIRS, SAMPLES

Tensor = NDArray[Any]
ClassifyRows = Callable[[Tensor, Sequence[Sequence[int]], Tensor], None]
Empty = Callable[[Sequence[int], DTypeLike], Tensor]


@dataclass(frozen=True)
class ClipOutput:
    """What the network says of 8 crops.

    Attributes:
        logits: float32 [classes].
        flow: float32 [7, 2, 128, 128], crop pixels, one field per consecutive pair.
        landmarks: float32 [7, 68, 2], crop pixels, of the crops 2 to 8.
    """

    logits: NDArray[np.float32]
    flow: NDArray[np.float32]
    landmarks: NDArray[np.float32]


def run_clip(backend: Backend, crops: NDArray[np.float32]) -> ClipOutput:
    """Run the network on 8 crops, float32 [8, 1, 128, 128], normalised.

    Raises:
        DeviceError: the device failed.
    """
    maps = backend.run("features", {"frames": crops})
    encoded = backend.run("encoder", {"frames": crops})
    flow = backend.run(
        "flow",
        {
            "frames": crops[:-1],
            "enc2": encoded["enc2"][:-1],
            "enc3": encoded["enc3"][:-1],
            "enc3_next": encoded["enc3"][1:],
            "first": maps["first"][:-1],
            "second_next": maps["second"][1:],
        },
    )
    assert len(maps["parts"]) == SAMPLES
    logits = backend.run("head", {"parts": maps["parts"][np.newaxis]})["logits"][0]
    return ClipOutput(logits, flow["flow"], maps["landmarks"][1:].reshape(PAIRS, 68, 2))


class Network:
    """A backend's graphs, with the arrays that their inputs and outputs pass through.

    An array of `state` is valid until the same name is asked for again. Not safe to share between
    threads.

    Attributes:
        on_device: whether state lies in the memory of a device, and not in NumPy's arrays.
        empty: makes an array for state, laid as the backend computes it.
        classify_rows: logits of windows whose samples are rows of a store, see
            `mol_edge.backends.native.NativeBackend.classify_rows`; None where a device needs them
            gathered.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        memory = getattr(backend, "memory", None)
        self.on_device = memory is not None
        self.empty: Empty = getattr(backend if memory is None else memory, "empty", aligned_empty)
        self.classify_rows: ClassifyRows | None = getattr(backend, "classify_rows", None)
        self._scratch: dict[str, Tensor] = {}
        self._outputs: dict[str, dict[str, tuple[tuple[int, ...], np.dtype[Any]]]] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of the scratch arrays."""
        return sum(array.nbytes for array in self._scratch.values())

    def run(self, graph: str, inputs: Tensors, outputs: Tensors) -> None:
        """Run a graph into given arrays; see `mol_edge.backends.base.Backend.run_into`."""
        self._backend.run_into(graph, inputs, outputs)

    def output(self, graph: str, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Shape without the batch, and element type, of a graph's output."""
        if graph not in self._outputs:
            self._outputs[graph] = {
                each: (tuple(int(size) for size in info.shape[1:]), np.dtype(info.type))
                for each, info in self._backend.outputs_of(graph).items()
            }
        return self._outputs[graph][name]

    def state(self, name: str, count: int, shape: tuple[int, ...], dtype: DTypeLike) -> Tensor:
        """An array [count, *shape] where the backend keeps what graphs pass to each other.

        It is allocated once and grows with the largest count.
        """
        there = self._scratch.get(name)
        if there is None or len(there) < count:
            there = self._scratch[name] = self.empty((count, *shape), dtype)
        return there[:count]

    def scratch_output(self, graph: str, name: str, count: int) -> Tensor:
        """A scratch array for an output of a graph that is state."""
        return self.state(f"{graph}.{name}", count, *self.output(graph, name))

    def new_output(self, graph: str, name: str, count: int) -> Tensor:
        """An array for an output that the caller is going to give away."""
        shape, dtype = self.output(graph, name)
        return np.empty((count, *shape), dtype)
