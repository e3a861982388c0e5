"""Inputs and outputs of a run, compared with what the manifest says of a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.backends.base import DeviceArray, Tensors
from mol_edge.errors import ArrayError
from mol_edge.graph_info import TensorInfo


def is_contiguous(array: NDArray[Any]) -> bool:
    """Whether an array lies as most runtimes take it: C-contiguous."""
    return bool(array.flags.c_contiguous)


def check_inputs(graph: str, wanted: Mapping[str, TensorInfo], inputs: Tensors) -> int:
    """Compare inputs with the manifest; returns their batch size, raises ArrayError."""
    _check_names(f"The graph {graph} takes the inputs", wanted, inputs)
    batch: int | None = None
    for name, info in wanted.items():
        batch = _check_array(f"The input {name} of {graph}", info, inputs[name], batch)
    return batch or 1


def check_outputs(
    graph: str,
    wanted: Mapping[str, TensorInfo],
    outputs: Tensors,
    batch: int,
    lies_well: Callable[[NDArray[Any]], bool] = is_contiguous,
) -> None:
    """Compare outputs with the manifest; raises ArrayError where one does not fit.

    `lies_well`: whether the runtime writes to an array as it lies in memory.
    """
    _check_names(f"The graph {graph} gives the outputs", wanted, outputs)
    for name, info in wanted.items():
        what, array = f"The output {name} of {graph}", outputs[name]
        _check_array(what, info, array, batch)
        if isinstance(array, np.ndarray) and not (lies_well(array) and array.flags.writeable):
            raise ArrayError(
                f"{what} must be C-contiguous and writeable: give it an array of its own."
            )


def _check_names(what: str, wanted: Mapping[str, TensorInfo], came: Tensors) -> None:
    if set(came) != set(wanted):
        raise ArrayError(
            f"{what} {', '.join(sorted(wanted))}, got {', '.join(sorted(came)) or 'none'}."
        )


def _check_array(what: str, info: TensorInfo, array: object, batch: int | None) -> int | None:
    if not isinstance(array, (np.ndarray, DeviceArray)) or array.dtype != np.dtype(info.type):
        came = f"{array.dtype}" if hasattr(array, "dtype") else type(array).__name__
        raise ArrayError(f"{what} must be {info.type}, got {came}.")
    return _check_shape(what, info.shape, array.shape, batch)


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
