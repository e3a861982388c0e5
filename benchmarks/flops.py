"""Floating-point operations of a graph, counted from its nodes (a multiply-add is two)."""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np
import onnx
from onnx.numpy_helper import to_array


def count_flops(path: Path) -> float:
    """Useful FLOPs of one inference at batch 1: convolutions and matrix products.

    What a rewrite adds is overhead, not work: weights that are zero are not counted, nor is the
    rim of outputs that a convolution of stride 1 computes beyond its inputs.

    Args:
        path: an ONNX file whose only free axis is the batch.
    """
    model = onnx.load(path)
    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_value = 1
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    graph = model.graph
    weights = {t.name: int(np.count_nonzero(to_array(t))) for t in graph.initializer}
    for node in graph.node:
        # Weights that are stored in 16 bits.
        if node.op_type == "Cast" and node.input[0] in weights:
            weights[node.output[0]] = weights[node.input[0]]
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in [*graph.input, *graph.output, *graph.value_info]:
        shapes[value.name] = tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
    return float(sum(_flops(node, shapes, weights) for node in graph.node))


def _flops(
    node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]], weights: dict[str, int]
) -> int:
    if node.op_type in ("Conv", "ConvTranspose"):
        inputs, outputs = shapes[node.input[0]], shapes[node.output[0]]
        places = prod(outputs[2:])
        # A transposed convolution spends its kernel on each input, a plain one on each output.
        if node.op_type == "ConvTranspose" or prod(inputs[2:]) < places:
            places = prod(inputs[2:])
        return 2 * outputs[0] * places * weights[node.input[1]]
    if node.op_type in ("MatMul", "Gemm"):
        stored, rows = node.input[0] in weights, shapes[node.input[0]]
        dense = 2 * prod(shapes[node.output[0]]) * rows[-1]
        return dense * weights[node.input[0]] // prod(rows) if stored else dense
    return 0
