"""What every runtime offers: open, run, close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Protocol, get_args, runtime_checkable

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mol_edge._numbers import is_whole
from mol_edge.errors import OptionError
from mol_edge.graph_info import TensorInfo

Tensors = Mapping[str, NDArray[Any]]
"""Arrays by name; a backend with a `Memory` also takes the arrays that it gave."""

Profile = Literal["latency", "shared"]

MOST_THREADS = 256
"""Runtimes start as many as they are told to, and a machine hangs with too many."""


@dataclass(frozen=True)
class BackendOptions:
    """How a runtime uses the machine.

    Attributes:
        threads: threads of one inference, at most 256; 0 takes the physical cores, at most 4.
        precision: which precision of the bundle to run.
        cache_dir: where a runtime may keep compiled models; None keeps none.
        profile: ``latency`` keeps the threads of ONNX Runtime awake between inferences,
            ``shared`` lets them sleep: less load, slower answers to a paced stream.
    """

    threads: int = 0
    precision: str = "fp32"
    cache_dir: Path | None = None
    profile: Profile = "latency"

    def __post_init__(self) -> None:
        if not is_whole(self.threads, 0) or self.threads > MOST_THREADS:
            raise OptionError(
                f"threads must be a whole number from 0 (automatic) to {MOST_THREADS}, got "
                f"{self.threads!r}."
            )
        if not isinstance(self.precision, str):
            raise OptionError(
                f"precision must be the name of one, such as 'fp16', got {self.precision!r}."
            )
        if self.cache_dir is not None and not isinstance(self.cache_dir, Path):
            raise OptionError(f"cache_dir must be a Path or None, got {self.cache_dir!r}.")
        if self.profile not in get_args(Profile):
            raise OptionError(
                f"profile must be one of {', '.join(get_args(Profile))}, got {self.profile!r}."
            )


class BackendState(Enum):
    """How a backend is."""

    READY = "ready"
    REBUILT = "rebuilt"
    """The GPU had no memory left, and the graphs were set up anew."""
    OUT_OF_MEMORY = "out_of_memory"
    """That happened again: nothing runs any more."""


@runtime_checkable
class DeviceArray(Protocol):
    """An array in the memory of a device: rows can be cut, read and written."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    address: int


class Memory(Protocol):
    """The memory of a device, where state is kept that graphs pass to each other."""

    def empty(self, shape: Sequence[int], dtype: DTypeLike) -> Any:
        """An array there, uninitialised; it can be cut and written along its first axis."""
        ...


class Backend(Protocol):
    """A bundle's graphs on one device. One call at a time per instance, from any thread."""

    @property
    def device(self) -> str:
        """The device in full, such as ``onnxruntime:cpu``."""
        ...

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why this device: one line for each candidate that was tried."""
        ...

    def run(self, graph: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        """Run one graph of the bundle; inputs and outputs are named as in the manifest."""
        ...

    def run_into(self, graph: str, inputs: Tensors, outputs: Tensors) -> None:
        """Run one graph into arrays that the caller keeps, so that nothing is allocated."""
        ...

    def outputs_of(self, graph: str) -> Mapping[str, TensorInfo]:
        """Names, types and shapes of a graph's outputs."""
        ...

    def close(self) -> None:
        """Give back what the runtime holds."""
        ...
