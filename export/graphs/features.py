"""Nodes of the stem, the F5C blocks and the landmark head."""

from __future__ import annotations

from collections.abc import Sequence

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


def f5c(g: GraphBuilder, model: Mol, maps: str, sets: Sequence[str]) -> list[str]:
    """F5C features of maps [N, 128, 16, 16] through each of `sets`, ``first`` and ``second``.

    The sets are computed side by side, [N, sets, …]: half the nodes, and each thread a set.
    What feeds the similarity stays in float32 in every storage: a flipped neighbour shows.
    """
    prefix = ".".join(sets)
    parts = {"first": (model.FCC_1, model.CCC_1), "second": (model.FCC_2, model.CCC_2)}
    affines = [fcc_affine(parts[each][0]) for each in sets]
    cccs = [parts[each][1] for each in sets]
    left = g.constant(f"{prefix}.fcc.left", np.stack([a.left for a in affines]), exact=True)
    right = g.constant(f"{prefix}.fcc.right", np.stack([a.right for a in affines]), exact=True)
    constants = np.stack([a.constant for a in affines])
    constant = g.constant(f"{prefix}.fcc.constant", constants, exact=True)
    maps = g.reshape(maps, f"{prefix}.fcc.in", -1, 1, CHANNELS, MAP, MAP)
    x = g.node("MatMul", [left, maps], f"{prefix}.fcc.height")
    x = g.node("MatMul", [x, right], f"{prefix}.fcc.width")
    x = g.node("Add", [x, constant], f"{prefix}.fcc.shift")
    x = g.node("Add", [x, maps], f"{prefix}.fcc.out")
    y = g.reshape(x, f"{prefix}.ccc.flat", -1, len(sets), CHANNELS, POSITIONS)
    of_positions = cccs[0].graph == "positions"
    out = (_ccc_of_positions if of_positions else _ccc_of_channels)(g, cccs, y, f"{prefix}.ccc")
    return [
        g.reshape(each, f"{which}.ccc.out", -1, CHANNELS, MAP, MAP)
        for which, each in zip(sets, g.split(out, f"{prefix}.ccc.sets", 1, len(sets)))
    ]


def _neighbours(
    g: GraphBuilder, cccs: Sequence[Ccc], nodes: str, size: int, prefix: str
) -> list[str]:
    """Indices of each node's nearest, rank by rank, [N, sets, nodes, 1], in [N, sets, nodes, .].

    The similarity is symmetric, and its largest entries are found faster down its columns.
    """
    norm = g.node("ReduceL2", [nodes], f"{prefix}.norm", axes=[3], keepdims=1)
    tiny = g.constant("tiny", np.array(1e-12, np.float32))
    norm = g.node("Max", [norm, tiny], f"{prefix}.norm.positive")
    unit = g.node("Div", [nodes, norm], f"{prefix}.unit")
    unit_t = g.transpose(unit, f"{prefix}.unit.t", 0, 1, 3, 2)
    similarity = g.node("MatMul", [unit, unit_t], f"{prefix}.similarity")
    neighbours = cccs[0].neighbours
    count = g.constant(f"k.{neighbours}", np.array([neighbours], np.int64))
    _, index = g.top_k(similarity, count, f"{prefix}.nearest", 2)
    return [
        g.reshape(rank, f"{prefix}.index.{r}", -1, len(cccs), size, 1)
        for r, rank in enumerate(g.split(index, f"{prefix}.ranks", 2, neighbours))
    ]


def _strongest(g: GraphBuilder, values: Sequence[str], prefix: str) -> str:
    return g.node("Max", values, f"{prefix}.max") if len(values) > 1 else values[0]


def _ccc_of_positions(g: GraphBuilder, cccs: Sequence[Ccc], flat: str, prefix: str) -> str:
    """y + ReLU(own y + bias + max_j other y[neighbour j]) on y as [N, sets, 256, 128]."""
    own, other, bias = (np.stack(part) for part in zip(*map(ccc_matrices, cccs)))
    y = g.transpose(flat, f"{prefix}.positions", 0, 1, 3, 2)
    theirs = []
    for rank, index in enumerate(_neighbours(g, cccs, y, POSITIONS, prefix)):
        gathered = g.node("GatherND", [y, index], f"{prefix}.gather.{rank}", batch_dims=2)
        inputs = [g.constant(f"{prefix}.other", other), gathered]
        theirs.append(g.node("MatMul", inputs, f"{prefix}.theirs.{rank}"))
    mine = g.node("MatMul", [g.constant(f"{prefix}.own", own), y], f"{prefix}.mine")
    e = _edge(g, mine, _strongest(g, theirs, prefix), bias[:, :, None], prefix)
    out = g.node("Add", [e, y], f"{prefix}.sum")
    return g.transpose(out, f"{prefix}.channels", 0, 1, 3, 2)


def _ccc_of_channels(g: GraphBuilder, cccs: Sequence[Ccc], y: str, prefix: str) -> str:
    """y + mix(max_j ReLU(own y_c + bias + other y_j)) on y as [N, sets, 128, 256]."""
    own, other, bias = (np.stack(part) for part in zip(*map(ccc_matrices, cccs)))
    own_t, other_t = (np.swapaxes(each, 1, 2) for each in (own, other))
    theirs = g.node("MatMul", [y, g.constant(f"{prefix}.other.t", other_t)], f"{prefix}.theirs")
    gathered = [
        g.node("GatherND", [theirs, index], f"{prefix}.gather.{rank}", batch_dims=2)
        for rank, index in enumerate(_neighbours(g, cccs, y, CHANNELS, prefix))
    ]
    mine = g.node("MatMul", [y, g.constant(f"{prefix}.own.t", own_t)], f"{prefix}.mine")
    e = _edge(g, mine, _strongest(g, gathered, prefix), bias[:, None], prefix)
    mixed = g.node("MatMul", [_mix(g, cccs, prefix), e], f"{prefix}.mix")
    shift = np.stack([array(ccc.mix.bias) for ccc in cccs])[:, :, None]
    mixed = g.node("Add", [mixed, g.constant(f"{prefix}.mix.bias", shift)], f"{prefix}.mix.shift")
    return g.node("Add", [mixed, y], f"{prefix}.sum")


def _mix(g: GraphBuilder, cccs: Sequence[Ccc], prefix: str) -> str:
    """The 1x1 convolutions that follow the graph of channels, as matrices [sets, 128, 128]."""
    weights = np.stack([array(ccc.mix.weight)[:, :, 0, 0] for ccc in cccs])
    return g.constant(f"{prefix}.mix.weight", weights)


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
