"""Floating-point operations of a graph, counted from its nodes (a multiply-add is two)."""

from __future__ import annotations

from math import prod
from pathlib import Path

import onnx


def count_flops(path: Path) -> float:
    """FLOPs of one inference at batch 1: convolutions and matrix products, nothing else.

    Args:
        path: an ONNX file whose only free axis is the batch.
    """
    model = onnx.load(path)
    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_value = 1
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    graph = model.graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in [*graph.input, *graph.output, *graph.value_info]:
        shapes[value.name] = tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
    return float(sum(_flops(node, shapes) for node in graph.node))


def _flops(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> int:
    if node.op_type in ("Conv", "ConvTranspose"):
        inputs, weight, outputs = (shapes[n] for n in (*node.input[:2], node.output[0]))
        # A transposed convolution spends its kernel on each input, a plain one on each output.
        if node.op_type == "Conv":
            return 2 * prod(outputs) * prod(weight[1:])
        return 2 * prod(inputs) * prod(weight[1:])
    if node.op_type == "MatMul":
        return 2 * prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
    if node.op_type == "Gemm":
        return 2 * prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
    return 0
