"""A graph in eight bits as the C++ core takes it: in floats, with steps for what it has in bytes.

The core brings the pixels of a convolution's input to bytes as it begins, and what it gives are
floats again. So of the nodes that a graph in eight bits has beside those in float32, only the
scales are wanted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import BundleError
from mol_edge.onnx_tensors import Node, shortened

Weights = dict[str, NDArray[np.float32]]

STEPS, ZERO, WEIGHT_STEPS = ".steps", ".zero", ".weight_steps"
"""What the names of a layer in bytes end with in the core's table."""

_TO_INTEGERS, _TO_FLOATS = "QuantizeLinear", "DequantizeLinear"
_MEMBER = re.compile(r".*/member[0-9]+")
"""Nodes that bring one of several joined tensors to the range of the others."""
_MOST_BETWEEN = 8
"""Such nodes one after the other; an export has three."""
_CAST, _STORED = ".cast:0", "/stored"
"""What ends the name of a constant that is stored in half its bytes: once it is whole, and before
where integers are about it."""

_WIDTHS = {"first": 128, "second": 128, "second_next": 128}
"""Channels of what graphs hand to each other, where these are the same in every model."""
_RESHAPED = re.compile(r"shape\.-1x([0-9]{1,6})x.*")
_BY_OUTPUT = b"\n\x04axis\x18\x00\xa0\x01\x02"
"""The attribute `axis` of 0, as an ONNX file has it."""
_IN_BYTES = re.compile(r"landmark\.conv|column\.parts|flow\.(conv[2-6]|conv[3-6]_1|deconv[0-5])")
"""Layers that the core computes in bytes; of others it takes the rounded weights alone."""
_KEPT_IN_BYTES = re.compile(r"(landmark|head)\.fc1")
"""Layers whose weights the core keeps in bytes, since reading them is what takes time, and computes
in floats."""


@dataclass(frozen=True)
class _Graph:
    """The nodes of a graph by their outputs, and its constants."""

    makers: Mapping[str, Node]
    floats: Mapping[str, NDArray[np.float32]]
    integers: Mapping[str, NDArray[Any]]

    def floats_of(self, name: str) -> NDArray[np.float32]:
        return _known(self.floats, plain_name(name))

    def dequantized(self, node: Node) -> NDArray[np.float32]:
        """A constant of integers, symmetric, with one scale for each of its first dimension."""
        values = _known(self.integers, _input(node, 0))
        scale = self.floats_of(_input(node, 1))
        if values.dtype == np.uint8 or (
            len(node.inputs) > 2 and _known(self.integers, node.inputs[2]).any()
        ):
            raise _damaged(node.name, "integers about 0", values.dtype)
        by_output = scale.shape == values.shape[:1] and node.attributes == (_BY_OUTPUT,)
        if values.ndim == 0 or not (by_output or scale.shape == (1,)):
            raise _damaged(
                node.name, f"a scale for each of {values.shape[:1]} outputs", scale.shape
            )
        if not (np.isfinite(scale).all() and (scale > 0).all()):
            raise _damaged(node.name, "scales above 0", scale.min())
        with np.errstate(over="ignore"):
            return values.astype(np.float32) * scale.reshape(-1, *[1] * (values.ndim - 1))

    def channels_of(self, name: str) -> int | None:
        """Channels of a tensor as far as constants tell them."""
        node = self.makers.get(name)
        if node is None:
            return None
        if node.operator == "Conv":
            return len(self.constant(_input(node, 1)))
        if node.operator == "Reshape":
            shape = _RESHAPED.fullmatch(_input(node, 1))
            return int(shape[1]) if shape else None
        inside = self.channels_of(_input(node, 0))
        return inside // 4 if inside and node.operator == "DepthToSpace" else inside

    def constant(self, name: str) -> NDArray[np.float32]:
        """A constant of floats, or of integers with its scale."""
        node = self.makers.get(name)
        if node is not None and node.operator == _TO_FLOATS:
            return self.dequantized(node)
        return self.floats_of(name)


def plain_name(name: str) -> str:
    """The name that a tensor of a graph in eight bits, or stored in half its bytes, has in float32.

    Example:
        >>> plain_name("flow.conv2.weight.cast:0/q"), plain_name("flow.conv1.relu:0/q")
        ('flow.conv2.weight', 'flow.conv1.relu:0')
    """
    for ending in ("/dq", "/q", _STORED, _CAST, ".half"):
        name = name.removesuffix(ending)
    return name


def plain_nodes(nodes: list[Node]) -> list[Node]:
    """The nodes of a graph but for those that bring tensors to eight bits and back.

    Example:
        >>> to_bytes = Node("QuantizeLinear", "x/q", ("x", "scale", "zero"), ("x/q",), ())
        >>> relu = Node("Relu", "relu", ("x/q",), ("y",), ())
        >>> [(node.name, node.inputs) for node in plain_nodes([to_bytes, relu])]
        [('relu', ('x',))]
    """
    before = {
        name: node.inputs[0]
        for node in nodes
        if _between(node) and node.inputs
        for name in node.outputs
    }
    given = {inside: name for name, inside in before.items() if name + "/float" == inside}
    return [_renamed(node, before, given) for node in nodes if not _between(node)]


def plain_weights(
    nodes: list[Node],
    floats: Mapping[str, NDArray[np.float32]],
    integers: Mapping[str, NDArray[Any]],
) -> Weights:
    """The constants of a graph in eight bits as those of one in floats.

    Args:
        nodes: of the graph.
        floats: its constants of floats, by their `plain_name`.
        integers: those of integers.

    Returns:
        Constants by the names of the float32 graph, and for each convolution in eight bits
        `NAME.steps`, float32 [inputs], what a step of the core's bytes is worth in each channel,
        and `NAME.zero`, float32 [1], the byte that stands for 0.

    Raises:
        BundleError: the graph is damaged.
    """
    graph = _Graph({name: node for node in nodes for name in node.outputs}, floats, integers)
    values = {name: value for name, value in floats.items() if "/" not in name}
    for node in nodes:
        if node.operator == _TO_FLOATS and _input(node, 0) in integers:
            values[plain_name(node.inputs[0])] = graph.dequantized(node)
    for node in nodes:
        if node.operator in ("Conv", "Gemm") and len(node.inputs) > 1:
            _take_input(graph, node, values)
    return values


def _take_input(graph: _Graph, node: Node, values: Weights) -> None:
    """Put the factors of joined inputs into a layer's weights, and note the steps of its input."""
    source = graph.makers.get(node.inputs[0])
    weight = values.get(plain_name(node.inputs[1]))
    if source is None or source.operator != _TO_FLOATS or weight is None or weight.ndim < 2:
        return
    factors = _factors(graph, _input(source, 0), weight.shape[1])
    weight *= factors.reshape(1, -1, *[1] * (weight.ndim - 2))
    in_bytes = graph.makers.get(node.inputs[1])
    if in_bytes is None or in_bytes.operator != _TO_FLOATS:
        return
    if _KEPT_IN_BYTES.fullmatch(node.name) and weight.ndim == 2:
        steps = graph.floats_of(_input(in_bytes, 1))
        values[node.name + WEIGHT_STEPS] = np.ascontiguousarray(
            np.broadcast_to(steps, len(weight)), np.float32
        )
    if not _IN_BYTES.fullmatch(node.name):
        return
    scale = graph.floats_of(_input(source, 1))
    zero = _known(graph.integers, _input(source, 2))
    if scale.shape != (1,) or zero.shape != (1,) or zero.dtype != np.uint8:
        raise _damaged(source.name, "one scale and one zero of uint8", (scale.shape, zero.dtype))
    values[node.name + STEPS] = np.ascontiguousarray(scale / factors, np.float32)
    values[node.name + ZERO] = zero.astype(np.float32)


def _factors(graph: _Graph, name: str, channels: int) -> NDArray[np.float32]:
    """By how much each channel of a tensor was multiplied before it was brought to integers."""
    joined = graph.makers.get(name)
    if joined is None or joined.operator != "Concat":
        return np.ones(channels, np.float32)
    members = [_member(graph, name) for name in joined.inputs]
    rest = channels - sum(width or 0 for width, _ in members)
    unknown = sum(width is None for width, _ in members)
    if rest < 0 or unknown > 1 or (rest > 0) != (unknown == 1):
        raise _damaged(joined.name, f"members of {channels} channels together", channels - rest)
    factors = [
        np.full(rest if width is None else width, factor, np.float32) for width, factor in members
    ]
    return np.concatenate(factors)


def _member(graph: _Graph, name: str) -> tuple[int | None, float]:
    """Channels of a member of a joined tensor, and its factor."""
    node = graph.makers.get(name)
    if node is not None and node.operator == _TO_INTEGERS:
        node = graph.makers.get(_input(node, 0))
    if node is None or not _MEMBER.fullmatch(node.name):
        return graph.channels_of(name), 1.0
    factor = graph.floats_of(_input(node, 1))
    if factor.shape != (1,):
        raise _damaged(node.name, "one factor", factor.shape)
    return _WIDTHS.get(node.inputs[0]) or graph.channels_of(node.inputs[0]), float(factor[0])


def _between(node: Node) -> bool:
    return (
        node.operator in (_TO_INTEGERS, _TO_FLOATS)
        or bool(_MEMBER.fullmatch(node.name))
        or (node.operator == "Cast" and "".join(node.inputs[:1]).endswith(_STORED))
    )


def _renamed(node: Node, before: Mapping[str, str], given: Mapping[str, str]) -> Node:
    def plain(name: str) -> str:
        return given.get(name, name.removesuffix("/q").removesuffix(_STORED))

    def origin(name: str) -> str:
        for _ in range(_MOST_BETWEEN):
            name = before.get(name, name)
        return plain(name)

    return replace(
        node,
        inputs=tuple([origin(name) for name in node.inputs]),
        outputs=tuple([plain(name) for name in node.outputs]),
    )


def _input(node: Node, place: int) -> str:
    """The name of an input that a node must have."""
    if place >= len(node.inputs):
        raise _damaged(node.name, f"{place + 1} inputs or more", len(node.inputs))
    return node.inputs[place]


def _known(table: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    if name not in table:
        raise BundleError(
            f"{shortened(name)} of a graph in eight bits must be among its constants, and is not: "
            "export the bundle again or fetch it anew."
        )
    return table[name]


def _damaged(name: str, wanted: str, came: object) -> BundleError:
    return BundleError(
        f"{shortened(name)} of a graph in eight bits must have {wanted}, got {came}: export the "
        "bundle again or fetch it anew."
    )
