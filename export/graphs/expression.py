"""Nodes of the expression head: pooled columns along time, then two linears."""

from __future__ import annotations

from export.builder import GraphBuilder
from export.fold import array, column_convolution
from training.model import Mol
from training.model.config import CHANNELS, MAP

COLUMNS = 5
COLUMN_CHANNELS = 32
COLUMN_SIDE = 4


def column(g: GraphBuilder, model: Mol, first: str, second: str) -> str:
    """Columns [N, 32, 4, 4] of the features [N, 3, 128, 16, 16] of four samples in a row.

    `first` holds those of samples 0 to 2, `second` those of samples 1 to 3.
    """
    parts = [
        g.reshape(part, f"column.{name}", -1, 3 * CHANNELS, MAP, MAP)
        for name, part in (("first", first), ("second", second))
    ]
    x = g.node("Concat", parts, "column.joined", axis=1)
    weight, bias = column_convolution(model.mer_3dcnn)
    x = g.conv(x, "column.conv", weight, bias, stride=2)
    x = g.node("MaxPool", [x], "column.pool", kernel_shape=[2, 2], strides=[2, 2])
    x = g.reshape(x, "column.steps", -1, 2, COLUMN_CHANNELS, COLUMN_SIDE, COLUMN_SIDE)
    return g.node("ReduceMax", [x], "column.max", axes=[1], keepdims=0)


def head(g: GraphBuilder, model: Mol, columns: str) -> str:
    """Logits [N, classes] of columns [N, 32, 4, 4, 5]."""
    fc1, fc2 = model.mer_3dcnn.fc1, model.mer_3dcnn.fc2
    x = g.reshape(columns, "head.flat", -1, fc1.in_features)
    x = g.linear(x, "head.fc1", array(fc1.weight), array(fc1.bias))
    x = g.node("Relu", [x], "head.fc1.relu")
    return g.linear(x, "head.fc2", array(fc2.weight), array(fc2.bias))
