"""Nodes of the stem, the F5C blocks and the landmark head."""

from __future__ import annotations

import numpy as np

from export.builder import GraphBuilder
from export.fold import Array, array, ccc_matrices, fcc_affine, last_two_of_stem
from training.model import Mol
from training.model.config import CHANNELS, MAP, POINTS, POSITIONS
from training.model.f5c import Ccc


def stem(g: GraphBuilder, model: Mol, frames: str) -> str:
    """Frames [N, 1, 128, 128] to maps [N, 128, 16, 16]."""
    first, second = model.conv_stack.conv_stack[0], model.conv_stack.conv_stack[1]
    x = frames
    for name, layer in (("stem1", first), ("stem2", second)):
        x = g.conv(x, name, array(layer.weight), array(layer.bias), stride=2, exact=True)
    weight, bias = last_two_of_stem(model.conv_stack)
    return g.conv(x, "stem3", weight, bias, stride=2, pad=1, exact=True)


def f5c(g: GraphBuilder, model: Mol, maps: str, which: str) -> str:
    """F5C features of maps [N, 128, 16, 16] through the set `which`, ``first`` or ``second``.

    What feeds the similarity stays in float32 in every storage: a flipped neighbour shows.
    """
    fcc, ccc = (model.FCC_1, model.CCC_1) if which == "first" else (model.FCC_2, model.CCC_2)
    affine = fcc_affine(fcc)
    left = g.constant(f"{which}.fcc.left", affine.left, exact=True)
    right = g.constant(f"{which}.fcc.right", affine.right, exact=True)
    constant = g.constant(f"{which}.fcc.constant", affine.constant, exact=True)
    x = g.node("MatMul", [left, maps], f"{which}.fcc.height")
    x = g.node("MatMul", [x, right], f"{which}.fcc.width")
    x = g.node("Add", [x, constant], f"{which}.fcc.shift")
    x = g.node("Add", [x, maps], f"{which}.fcc.out")
    y = g.reshape(x, f"{which}.ccc.flat", -1, CHANNELS, POSITIONS)
    if ccc.graph == "positions":
        return _ccc_of_positions(g, ccc, y, which)
    return _ccc_of_channels(g, ccc, y, which)


def _neighbours(g: GraphBuilder, ccc: Ccc, nodes: str, values: str, prefix: str) -> str:
    """Rows of `values` at the k nearest of `nodes`, both [N, nodes, .]: [N, nodes * k, .].

    Neighbours of one rank lie together for positions, those of one node for channels.
    """
    norm = g.node("ReduceL2", [nodes], f"{prefix}.norm", axes=[2], keepdims=1)
    tiny = g.constant("tiny", np.array(1e-12, np.float32))
    norm = g.node("Max", [norm, tiny], f"{prefix}.norm.positive")
    unit = g.node("Div", [nodes, norm], f"{prefix}.unit")
    unit_t = g.transpose(unit, f"{prefix}.unit.t", 0, 2, 1)
    similarity = g.node("MatMul", [unit, unit_t], f"{prefix}.similarity")
    count = g.constant(f"k.{ccc.neighbours}", np.array([ccc.neighbours], np.int64))
    _, index = g.top_k(similarity, count, f"{prefix}.nearest")
    if ccc.graph == "positions":
        index = g.transpose(index, f"{prefix}.ranks", 0, 2, 1)
    size = POSITIONS if ccc.graph == "positions" else CHANNELS
    index = g.reshape(index, f"{prefix}.index", -1, size * ccc.neighbours, 1)
    return g.node("GatherND", [values, index], f"{prefix}.gather", batch_dims=1)


def _ccc_of_positions(g: GraphBuilder, ccc: Ccc, flat: str, which: str) -> str:
    """y + ReLU(own y + bias + max_j other y[neighbour j]) on y as [N, 256, 128]."""
    prefix = f"{which}.ccc"
    own, other, bias = ccc_matrices(ccc)
    y = g.transpose(flat, f"{prefix}.positions", 0, 2, 1)
    gathered = _neighbours(g, ccc, y, y, prefix)
    gathered = g.reshape(gathered, f"{prefix}.by_rank", -1, ccc.neighbours, POSITIONS, CHANNELS)
    theirs = g.node("MatMul", [g.constant(f"{prefix}.other", other), gathered], f"{prefix}.theirs")
    strongest = g.node("ReduceMax", [theirs], f"{prefix}.max", axes=[1], keepdims=0)
    mine = g.node("MatMul", [g.constant(f"{prefix}.own", own), y], f"{prefix}.mine")
    e = _edge(g, mine, strongest, bias[:, None], prefix)
    out = g.node("Add", [e, y], f"{prefix}.sum")
    out = g.transpose(out, f"{prefix}.channels", 0, 2, 1)
    return g.reshape(out, f"{prefix}.out", -1, CHANNELS, MAP, MAP)


def _ccc_of_channels(g: GraphBuilder, ccc: Ccc, y: str, which: str) -> str:
    """y + mix(max_j ReLU(own y_c + bias + other y_j)) on y as [N, 128, 256]."""
    prefix = f"{which}.ccc"
    own, other, bias = ccc_matrices(ccc)
    theirs = g.node("MatMul", [y, g.constant(f"{prefix}.other.t", other.T)], f"{prefix}.theirs")
    gathered = _neighbours(g, ccc, y, theirs, prefix)
    gathered = g.reshape(gathered, f"{prefix}.by_node", -1, CHANNELS, ccc.neighbours, POSITIONS)
    strongest = g.node("ReduceMax", [gathered], f"{prefix}.max", axes=[2], keepdims=0)
    mine = g.node("MatMul", [y, g.constant(f"{prefix}.own.t", own.T)], f"{prefix}.mine")
    e = _edge(g, mine, strongest, bias, prefix)
    e = g.reshape(e, f"{prefix}.map", -1, CHANNELS, MAP, MAP)
    e = g.conv(e, f"{prefix}.mix", array(ccc.mix.weight), array(ccc.mix.bias))
    y = g.reshape(y, f"{prefix}.in", -1, CHANNELS, MAP, MAP)
    return g.node("Add", [e, y], f"{prefix}.out")


def _edge(g: GraphBuilder, mine: str, strongest: str, bias: Array, prefix: str) -> str:
    e = g.node("Add", [mine, g.constant(f"{prefix}.bias", bias)], f"{prefix}.mine.bias")
    e = g.node("Add", [e, strongest], f"{prefix}.before")
    return g.node("Relu", [e], f"{prefix}.edge")


def landmark_head(g: GraphBuilder, model: Mol, second: str) -> str:
    """Landmarks [N, 136] of second features [N, 128, 16, 16]."""
    head = model.ldm_predictor
    x = g.conv(second, "landmark.conv", array(head.convldm.weight), array(head.convldm.bias))
    x = g.node("Relu", [x], "landmark.conv.relu")
    x = g.reshape(x, "landmark.flat", -1, head.fc1.in_features)
    x = g.linear(x, "landmark.fc1", array(head.fc1.weight), array(head.fc1.bias))
    x = g.node("Relu", [x], "landmark.fc1.relu")
    assert head.fc2.out_features == 2 * POINTS
    return g.linear(x, "landmark.fc2", array(head.fc2.weight), array(head.fc2.bias))
