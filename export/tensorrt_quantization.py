"""The rules that TensorRT has for QuantizeLinear and DequantizeLinear.

Symmetric: int8, zero point 0, one scale for activations, one or one for each output channel for
weights. Explicit precision fuses a pair into what computes, so a pair that computes nothing costs
time, and so do quantized weights of a layer whose data is not.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

_Q, _DQ = "QuantizeLinear", "DequantizeLinear"

WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
"""Operators with int8 kernels, which take both inputs quantized.

One that stays in float may read data that others read in int8; int8 weights with float data only
cost accuracy.
"""

_FUSES = frozenset({*WEIGHTED, "Add", "AveragePool", "GlobalAveragePool"})
_COMMUTING = """
    Concat DepthToSpace Flatten Gather Identity LeakyRelu MaxPool Pad Relu Reshape Resize Slice
    Split Squeeze Transpose Unsqueeze
"""
_COMMUTES = frozenset(_COMMUTING.split())
_ACTIVATIONS = frozenset({"Relu", "LeakyRelu"})


class _Graph:
    """A graph by tensor: who makes it, who takes it, what is stored."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.stored = {tensor.name: tensor for tensor in graph.initializer}
        self.outputs = {value.name for value in graph.output}
        self.maker: dict[str, onnx.NodeProto] = {}
        self.takers: dict[str, list[onnx.NodeProto]] = {}
        for node in graph.node:
            self.maker.update(dict.fromkeys(node.output, node))
            for name in node.input:
                self.takers.setdefault(name, []).append(node)

    def takers_of(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """The nodes that take what a node makes."""
        return [taker for name in node.output for taker in self.takers.get(name, ())]

    def values(self, name: str) -> NDArray[np.generic] | None:
        """A stored tensor's values; None where it is computed, or lies in another file."""
        tensor = self.stored.get(name)
        if tensor is None:
            node = self.maker.get(name)
            if node is None or node.op_type != "Constant":
                return None
            tensor = next((each.t for each in node.attribute if each.name == "value"), None)
        if tensor is None or tensor.data_location == TensorProto.EXTERNAL:
            return None
        return numpy_helper.to_array(tensor)

    def is_stored(self, name: str) -> bool:
        """Whether a tensor is a constant, seen through casts."""
        node = self.maker.get(name)
        if node is None:
            return name in self.stored
        return node.op_type in ("Constant", "Cast", _Q) and all(map(self.is_stored, node.input))


def quantization_problems(model: onnx.ModelProto) -> list[str]:
    """What breaks the rules, each naming its node; an empty list is good."""
    graph = _Graph(model.graph)
    found = []
    for node in model.graph.node:
        if node.op_type in (_Q, _DQ):
            problems = [*_scale_problems(node, graph), *_place_problems(node, graph)]
        elif node.op_type in WEIGHTED:
            problems = _weight_problems(node, graph)
        else:
            continue
        found += [f"the node {node.name or node.output[0]} ({node.op_type}) {p}" for p in problems]
    return found


def _scale_problems(node: onnx.NodeProto, graph: _Graph) -> list[str]:
    found = []
    zero = graph.values(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    if zero is not None and zero.dtype != np.int8:
        found.append(f"has a zero point of type {zero.dtype}, which must be int8")
    elif zero is not None and np.any(zero != 0):
        found.append("has a zero point other than 0")
    elif zero is None and node.op_type == _Q:
        found.append("has no zero point that is stored, which means unsigned")
    scale = graph.values(node.input[1])
    if scale is None:
        found.append("has a scale that is not stored in its graph")
    elif not np.all(np.isfinite(scale) & (scale > 0)):  # type: ignore[operator]
        found.append("has a scale that is not above 0")
    elif scale.size > 1:
        found += _axis_problems(node, graph)
    stored = graph.stored.get(node.input[0])
    if node.op_type == _DQ and stored is not None and stored.data_type != TensorProto.INT8:
        kind = TensorProto.DataType.Name(stored.data_type).lower()
        found.append(f"dequantizes stored {kind}, which must be int8 (a bias stays a float)")
    return found


def _axis_problems(node: onnx.NodeProto, graph: _Graph) -> list[str]:
    """A scale for each channel: only of weights, and along their output channels."""
    if not graph.is_stored(node.input[0]):
        return ["has a scale for each channel of an activation, which must have one"]
    axis = _attribute(node, "axis", 1)
    takers = graph.takers_of(node)
    if node.op_type == _Q:
        takers = [each for taker in takers for each in graph.takers_of(taker)]
    wrong = {each.op_type for each in takers if axis not in _channel_axes(each)}
    return [f"has its scales along axis {axis}, which is not the channels of {op}" for op in wrong]


def _channel_axes(node: onnx.NodeProto) -> tuple[int, ...]:
    if node.op_type == "Gemm":
        return (0,) if _attribute(node, "transB", 0) else (1, -1)
    return {"Conv": (0,), "ConvTranspose": (1,), "MatMul": (1, 2, 3, -1)}.get(node.op_type, (0, 1))


def _place_problems(node: onnx.NodeProto, graph: _Graph) -> list[str]:
    takers = graph.takers_of(node)
    if node.op_type == _Q:
        if any(each.op_type != _DQ for each in takers):
            return ["gives int8 to a node that does not dequantize it"]
        return _activation_problems(node, takers, graph)
    if graph.is_stored(node.input[0]) or set(node.output) & graph.outputs:
        return []
    idle = [each for each in takers if each.op_type not in _FUSES | _COMMUTES | {_Q}]
    return [f"feeds {each.op_type}, with which it does not fuse" for each in idle[:1]]


def _activation_problems(
    node: onnx.NodeProto, takers: list[onnx.NodeProto], graph: _Graph
) -> list[str]:
    """A pair between a convolution and its activation keeps the two from fusing."""
    maker = graph.maker.get(node.input[0])
    after = [each for taker in takers for each in graph.takers_of(taker)]
    between = maker is not None and maker.op_type in WEIGHTED and len(after) > 0
    if between and all(each.op_type in _ACTIVATIONS for each in after):
        return ["lies before an activation, and must lie behind it to fuse"]
    return []


def _weight_problems(node: onnx.NodeProto, graph: _Graph) -> list[str]:
    def quantized(name: str) -> bool:
        maker = graph.maker.get(name)
        while maker is not None and maker.op_type in ("Transpose", "Reshape"):
            maker = graph.maker.get(maker.input[0])
        return maker is not None and maker.op_type == _DQ

    data, weights = (quantized(name) for name in node.input[:2])
    if weights and not data:
        return ["has quantized weights alone: quantize its data too, or neither"]
    return []


def _attribute(node: onnx.NodeProto, name: str, default: int) -> int:
    values: Mapping[str, int] = {each.name: each.i for each in node.attribute}
    return values.get(name, default)
