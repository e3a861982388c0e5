"""What the C++ core takes of the graphs of a bundle: their constants, and a look at their nodes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mol_edge import onnx_tensors
from mol_edge.errors import DeviceError

Weights = dict[str, NDArray[np.float32]]

_BY_OPTION = re.compile(r"first\.second\.ccc\.((index|gather|theirs)\.[0-9]+|ranks|max)|.*\.cast")
"""Nodes that depend on how many neighbours there are, or on how weights are stored."""
_BLOCK_PIXELS = 8
_COMPUTED = {
    "features": "dce0db279abec6d4",
    "encoder": "07501732eabdfe9f",
    "flow": "31ad4d10ed601b99",
    "head": "f8e1285d92428e9d",
}
"""Digest of the nodes of each graph that the core computes, see `_digest`."""


@dataclass(frozen=True)
class NativeWeights:
    """The constants of a graph, by the names that the export gives them.

    Attributes:
        values: float32, C-contiguous.
        neighbours: k of the search for neighbours in `features`; 0 in other graphs.
    """

    values: Weights
    neighbours: int


def native_weights(graph: str, model: bytes) -> NativeWeights:
    """Read a graph for the C++ core.

    Args:
        graph: its name.
        model: the ONNX file with its constants inside.

    Raises:
        DeviceError: the core does not compute what the graph does.
        BundleError: the file is damaged.
    """
    nodes = onnx_tensors.nodes(model)
    if _digest(nodes) != _COMPUTED[graph]:
        raise DeviceError(
            f"native must compute the nodes of {graph} as this version of mol-edge exports them, "
            "and the bundle has others (another version, or a graph of channels): use onnxruntime "
            "or openvino, or export the bundle again."
        )
    values = {
        name.removesuffix(".half"): tensor
        for name, tensor in onnx_tensors.float_tensors(model).items()
    }
    if graph == "flow":
        values.update(_plain_predictions(values))
    ranks = sum(name.startswith("first.second.ccc.theirs.") for _, name in nodes)
    return NativeWeights(values, ranks)


def _digest(nodes: list[tuple[str, str]]) -> str:
    """Of operators and names in order, but for those that options add or leave out."""
    lines = [f"{kind} {name}" for kind, name in nodes if not _BY_OPTION.fullmatch(name)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _plain_predictions(values: Weights) -> Weights:
    """The 3 x 3 kernels of the finest predictions of flow.

    The graph computes blocks of 2 x 4 pixels with them, in channels [2, 2, 4] of a kernel of 4 x 6,
    whose first 3 x 3 taps are those of a block's first pixel.
    """
    plain = {
        f"flow.predict_flow{level}.weight": _first_of_block(
            values[f"flow.predict_flow{level}.weight"]
        )
        for level in (1, 2)
    }
    parts = [
        values["flow.frame_to_flow0.weight"],
        _together(values["flow.predict_flow0.weight"]),
        _together(values["flow.raise_to_flow0.weight"]),
    ]
    plain["flow.predict_flow0.weight"] = _first_of_block(np.concatenate(parts, axis=1))
    return plain


def _first_of_block(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(kernel[::_BLOCK_PIXELS, :, :3, :3])


def _together(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """A kernel [out, 4 * in, 2, 3] of maps apart in four phases as one of whole maps."""
    outputs, inputs, rows, columns = kernel.shape
    phases = kernel.reshape(outputs, 2, 2, inputs // 4, rows, columns)
    whole = phases.transpose(0, 3, 4, 1, 5, 2)
    return whole.reshape(outputs, inputs // 4, 2 * rows, 2 * columns)
