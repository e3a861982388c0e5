"""Which tensors of a graph are quantized, and which of them have to share one scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import onnx

from export.precision.graph import Graph, attribute

MOVES = frozenset({"Concat", "DepthToSpace", "Slice", "Reshape", "Transpose", "MaxPool"})
"""Operators that only move values, which they can do with integers too."""

HOMOGENEOUS = frozenset({"LeakyRelu", "Relu", "DepthToSpace", "Slice", "Reshape", "Transpose"})
"""Operators that give s times the output for s times the input, s above 0."""

ACTIVATIONS = frozenset({"LeakyRelu", "Relu"})


@dataclass(frozen=True)
class Plan:
    """What is quantized.

    Attributes:
        layers: the nodes that compute in integers, by name.
        moves: the nodes that move integers, by name.
        leader: for each quantized tensor the one whose scale it has.
        sources: the quantized tensors that are computed in float and then quantized.
        results: outputs of the layers, with the slope below 0 of the activation that follows.
    """

    layers: frozenset[str]
    moves: frozenset[str] = frozenset()
    leader: dict[str, str] = field(default_factory=dict)
    sources: frozenset[str] = frozenset()
    results: dict[str, float] = field(default_factory=dict)

    def groups(self) -> dict[str, list[str]]:
        """Quantized tensors by the one that gives them their scale."""
        found: dict[str, list[str]] = {}
        for tensor, leader in self.leader.items():
            found.setdefault(leader, []).append(tensor)
        return found


def plan(graph: Graph, layers: Iterable[str], states: Sequence[str] = ()) -> Plan:
    """Plan the quantization of some layers.

    The input of each layer is quantized. Where it only moves what other nodes computed (joined,
    interleaved, cut), what those gave is quantized instead, all with one scale, and moved as
    integers.

    Args:
        graph: in float32.
        layers: names of Conv or Gemm nodes with constant weights.
        states: outputs of the graph that leave it quantized.
    """
    chosen = frozenset(layers)
    producers = graph.producers()
    group = _Union()
    moves: set[str] = set()
    sources: set[str] = set()
    todo = [node.input[0] for node in graph.nodes if node.name in chosen] + list(states)
    seen: set[str] = set()
    while todo:
        tensor = todo.pop()
        if tensor in seen:
            continue
        seen.add(tensor)
        group.find(tensor)
        node = producers.get(tensor)
        # What leaves the graph in float must not be made of integers.
        leaves = tensor in graph.outputs and tensor not in states
        if node is None or node.op_type not in MOVES or leaves:
            sources.add(tensor)
            continue
        moves.add(node.name)
        below = node.input if node.op_type == "Concat" else node.input[:1]
        for each in below:
            group.join(tensor, each)
            todo.append(each)
    leader = {tensor: group.find(tensor) for tensor in seen}
    readers = graph.consumers()
    results = {
        node.output[0]: _slope(readers.get(node.output[0], []))
        for node in graph.nodes
        if node.name in chosen
    }
    return Plan(chosen, frozenset(moves), leader, frozenset(sources), results)


def _slope(readers: Sequence[onnx.NodeProto]) -> float:
    """Slope below 0 of the activation that alone reads a tensor; 1 where there is none."""
    if len(readers) != 1 or readers[0].op_type not in ACTIVATIONS:
        return 1.0
    return float(attribute(readers[0], "alpha", 0.01)) if readers[0].op_type == "LeakyRelu" else 0.0


class _Union:
    """Sets of tensors that share a scale."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def find(self, tensor: str) -> str:
        """The tensor that stands for its set."""
        above = self._above.setdefault(tensor, tensor)
        if above == tensor:
            return tensor
        self._above[tensor] = self.find(above)
        return self._above[tensor]

    def join(self, one: str, other: str) -> None:
        """Make two sets one."""
        self._above[self.find(other)] = self.find(one)
