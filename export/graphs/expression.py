"""Nodes of the expression head: what each sample adds to pooled columns along time, two linears."""

from __future__ import annotations

import numpy as np

from export.builder import GraphBuilder
from export.fold import ColumnPlaces, array, column_parts
from training.model import Mol

COLUMNS = 5
COLUMN_CHANNELS = 32
COLUMN_SIDE = 4
STEPS = 2
PARTS = (6, COLUMN_CHANNELS, 2 * COLUMN_SIDE, 2 * COLUMN_SIDE)


def parts(g: GraphBuilder, model: Mol, first: str, second: str, places: ColumnPlaces) -> str:
    """What features [N, 128, 16, 16] add to columns, [N, 6, 32, 8, 8].

    A column's convolution is a sum over its places along time. So each place's share is computed
    once, and every column that takes the same features only adds it.
    """
    x = g.node("Concat", [first, second], "column.features", axis=1)
    weight, bias = column_parts(model.mer_3dcnn, places)
    x = g.conv(x, "column.parts", weight, bias, stride=2)
    return g.reshape(x, "column.parts.sets", -1, *PARTS)


def logits(g: GraphBuilder, model: Mol, parts: str, places: ColumnPlaces) -> str:
    """Logits [N, classes] of the parts [N, samples or pairs, 6, 32, 8, 8] of a window."""
    sums = _sums(places)
    x = g.reshape(parts, "column.parts.all", -1, sums.shape[1], int(np.prod(PARTS[1:])))
    x = g.node("MatMul", [g.constant("column.places", sums, exact=True), x], "column.sums")
    x = g.node("Max", g.split(x, "column.steps", 1, STEPS), "column.stronger")
    x = g.reshape(x, "column.maps", -1, COLUMNS * COLUMN_CHANNELS, *PARTS[2:])
    x = g.node("MaxPool", [x], "column.pool", kernel_shape=[2, 2], strides=[2, 2])
    fc1, fc2 = model.mer_3dcnn.fc1, model.mer_3dcnn.fc2
    x = g.reshape(x, "head.flat", -1, fc1.in_features)
    # The network flattens with the columns last, here they come first.
    weight = array(fc1.weight).reshape(-1, COLUMN_CHANNELS * COLUMN_SIDE**2, COLUMNS)
    columns_first = weight.transpose(0, 2, 1).reshape(-1, fc1.in_features)
    x = g.linear(x, "head.fc1", columns_first, array(fc1.bias))
    x = g.node("Relu", [x], "head.fc1.relu")
    return g.linear(x, "head.fc2", array(fc2.weight), array(fc2.bias))


def _sums(places: ColumnPlaces) -> np.ndarray:
    """Which parts add up to which step of which column, [2 * 5, units * 6]."""
    last = max(place for place, _ in places.parts)
    units = COLUMNS + last
    sums = np.zeros((STEPS * COLUMNS, units * len(places.parts)))
    for column in range(COLUMNS):
        for part, (place, step) in enumerate(places.parts):
            sums[step * COLUMNS + column, (column + place) * len(places.parts) + part] = 1
    return sums
