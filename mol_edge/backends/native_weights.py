"""What the C++ core takes of the graphs of a bundle: their constants, and a look at their nodes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mol_edge import onnx_tensors
from mol_edge.backends.mending import ELSEWHERE
from mol_edge.backends.native_bytes import Weights, plain_name, plain_nodes, plain_weights
from mol_edge.errors import BundleError, DeviceError
from mol_edge.onnx_tensors import Node, shortened

_BY_OPTION = re.compile(r"first\.second\.ccc\.((index|gather|theirs)\.[0-9]+|ranks|max)|.*\.cast")
"""Nodes that depend on how many neighbours there are, or on how weights are stored."""
_OPTIONAL_INPUT = re.compile(
    r"\.cast:0$|(?<=^k)\.[0-9]+$|(?<=^shape)\..*|(?<=^first\.second\.ccc\.)(max|theirs\.0):0$"
)
"""What of an input's name depends on them, or on the network's widths."""
_RANK = "first.second.ccc.theirs."
_BLOCK_PIXELS = 8
_COMPUTED = {
    "features": "ed0f07d8ef9475ae",
    "encoder": "de36c98f745df46e",
    "flow": "7e5e9207d65e68c4",
    "head": "c1edfd0f8991b56d",
}
"""Digest of the nodes of each graph that the core computes, see `_digest`."""


@dataclass(frozen=True)
class NativeWeights:
    """The constants of a graph, by the names that the export gives them.

    Attributes:
        values: float32, C-contiguous; of a graph in eight bits as `plain_weights` has them.
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
    stored = onnx_tensors.nodes(model)
    nodes = plain_nodes(stored)
    ranks = sum(node.name.startswith(_RANK) for node in nodes)
    wanted = [name for node in nodes if node.operator == "TopK" for name in node.inputs[1:]]
    if _digest(nodes) != _COMPUTED[graph] or wanted != ([f"k.{ranks}"] if ranks else []):
        raise DeviceError(
            f"native must compute the nodes of {graph} as this version of mol-edge exports them, "
            f"and the bundle has others (another version, or a graph of channels): {ELSEWHERE}, "
            "or export the bundle again."
        )
    values = {
        plain_name(name): tensor for name, tensor in onnx_tensors.float_tensors(model).items()
    }
    if len(nodes) < len(stored):
        values = plain_weights(stored, values, onnx_tensors.integer_tensors(model))
    if graph == "flow":
        values.update(_plain_predictions(values))
    return NativeWeights(values, ranks)


def _digest(nodes: list[Node]) -> str:
    """Of all nodes in order, but for those that options add or leave out."""
    digest = hashlib.sha256()
    for node in nodes:
        if _BY_OPTION.fullmatch(node.name):
            continue
        inputs = [_OPTIONAL_INPUT.sub("", name) for name in node.inputs]
        digest.update(repr((node.operator, node.name, inputs, node.outputs)).encode())
        for attribute in sorted(node.attributes):
            digest.update(len(attribute).to_bytes(4, "little") + attribute)
    return digest.hexdigest()[:16]


def _kernel(values: Weights, name: str) -> NDArray[np.float32]:
    """A constant of four dimensions; raises BundleError where there is none."""
    kernel = values.get(name)
    if kernel is None or kernel.ndim != 4:
        came = "none" if kernel is None else f"the shape {kernel.shape}"
        raise BundleError(
            f"The constant {shortened(name)} of flow must have four dimensions, got {came}: "
            "export the bundle again or fetch it anew."
        )
    return kernel


def _plain_predictions(values: Weights) -> Weights:
    """The 3 x 3 kernels of the finest predictions of flow.

    The graph computes blocks of 2 x 4 pixels with them, in channels [2, 2, 4] of a kernel of 4 x 6,
    whose first 3 x 3 taps are those of a block's first pixel.
    """
    plain = {
        f"flow.predict_flow{level}.weight": _first_of_block(
            _kernel(values, f"flow.predict_flow{level}.weight")
        )
        for level in (1, 2)
    }
    parts = [
        _kernel(values, "flow.frame_to_flow0.weight"),
        _together(_kernel(values, "flow.predict_flow0.weight")),
        _together(_kernel(values, "flow.raise_to_flow0.weight")),
    ]
    if len({(len(part), *part.shape[2:]) for part in parts}) > 1:
        shapes = ", ".join(str(part.shape) for part in parts)
        raise BundleError(
            f"The parts of flow's finest prediction must fit each other, got {shapes}: export the "
            "bundle again or fetch it anew."
        )
    plain["flow.predict_flow0.weight"] = _first_of_block(np.concatenate(parts, axis=1))
    return plain


def _first_of_block(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(kernel[::_BLOCK_PIXELS, :, :3, :3])


def _together(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """A kernel [out, 4 * in, 2, 3] of maps apart in four phases as one of whole maps."""
    outputs, inputs, rows, columns = kernel.shape
    if inputs % 4:
        raise BundleError(
            f"A kernel of four phases must have its channels in fours, got {inputs}: export the "
            "bundle again or fetch it anew."
        )
    phases = kernel.reshape(outputs, 2, 2, inputs // 4, rows, columns)
    whole = phases.transpose(0, 3, 4, 1, 5, 2)
    return whole.reshape(outputs, inputs // 4, 2 * rows, 2 * columns)
