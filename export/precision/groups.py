"""Groups of layers that are judged together when a precision is chosen.

Names of nodes are those that `export.graphs` gives them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import onnx


@dataclass(frozen=True)
class Group:
    """Layers of one part of the network.

    Attributes:
        name: as reports call it.
        pattern: matches the names of its layers in full.
        sensitive: kept in float32 unless a measurement speaks for eight bits: it feeds the
            neighbour search, or gives results in pixels or logits.
        gives_results: its outputs are pixels or logits, which eight bits are too few for; only
            where a runtime computes them in float of integer inputs can it be quantized. (Of coarse
            flow ONNX Runtime would take rounded results for leave to round what raises it too.)
    """

    name: str
    pattern: str
    sensitive: bool = False
    gives_results: bool = False


GROUPS = (
    Group("stem", r"stem\d", sensitive=True),
    Group("landmark convolution", r"landmark\.conv"),
    Group("landmark hidden", r"landmark\.fc1"),
    Group("landmark regression", r"landmark\.fc2", sensitive=True, gives_results=True),
    Group("flow stem", r"(last\.)?flow\.conv1", sensitive=True),
    Group("flow encoder", r"(last\.)?flow\.conv[23]"),
    Group("flow matching", r"flow\.(conv_redir|conv3_1)"),
    Group("flow contraction", r"flow\.conv[456](_1)?"),
    Group("flow expansion, coarse", r"flow\.deconv[345]"),
    Group("flow expansion, fine", r"flow\.deconv[012]"),
    Group("flow regression, coarse", r"flow\.predict_flow[2-6]", gives_results=True),
    Group("flow regression, fine", r"flow\.predict_flow[01]", sensitive=True, gives_results=True),
    Group("expression columns", r"column\.parts"),
    Group("expression hidden", r"head\.fc1"),
    Group("expression classes", r"head\.fc2", sensitive=True, gives_results=True),
)
"""Every group that can be quantized. What no group names stays in float32 in every precision: the
similarity, the neighbour search and what feeds it, the correlation, the raising of flow."""

LAYERS = ("Conv", "Gemm")


def group_of(name: str) -> Group | None:
    """The group of a layer, or None where it has to stay in float32.

    Example:
        >>> group_of("flow.deconv0").name
        'flow expansion, fine'
        >>> group_of("flow.upsampled_flow1_to_0") is None
        True
    """
    return next((group for group in GROUPS if re.fullmatch(group.pattern, name)), None)


def layers_of(model: onnx.ModelProto, groups: Iterable[str]) -> frozenset[str]:
    """Names of the layers of a graph that belong to some groups, by the groups' names."""
    wanted = set(groups)
    constants = {tensor.name for tensor in model.graph.initializer}
    found = set()
    for node in model.graph.node:
        group = group_of(node.name)
        if group is None or group.name not in wanted or node.op_type not in LAYERS:
            continue
        if node.input[1] in constants:
            found.add(node.name)
    return frozenset(found)
