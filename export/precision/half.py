"""Typed half precision: float16 where it is harmless, float32 where it is not."""

from __future__ import annotations

import re

import numpy as np
import onnx
from onnx import TensorProto

from export.precision.graph import Graph, make

_KEPT = re.compile(
    r"stem\d.*"
    r"|.*\.fcc\..*"
    r"|.*\.ccc\.(flat|positions|norm.*|unit.*|similarity|nearest|ranks.*|index.*|gather.*|sum"
    r"|out|channels|sets)"
    r"|(first|second)\.ccc\.out"
    r"|flow\.corr\..*"
    r"|flow\.predict_flow.*"
    r"|flow\.upsampled.*"
    r"|landmark\.fc2|head\.fc2"
)
"""Nodes that stay in float32: what feeds the neighbour search and the search itself, the
correlation, whose sums leave float16's range, and what gives pixels or logits."""

_COMPUTE = frozenset({"Conv", "Gemm", "MatMul", "ConvTranspose", "LeakyRelu", "Relu", "MaxPool"})
_MOVES = frozenset({"Concat", "DepthToSpace", "Slice", "Reshape", "Transpose", "Max", "Add"})


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with float16 inside and float32 at its boundary.

    Casts stand where the two meet, each tensor's at most once.
    """
    return _Halver(Graph(model)).model()


class _Halver:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._constants = dict(graph.constants)
        self._nodes: list[onnx.NodeProto] = []
        self._half: set[str] = set()
        self._casts: set[str] = set()

    def model(self) -> onnx.ModelProto:
        outputs = set(self._graph.outputs)
        for node in self._graph.nodes:
            copied = onnx.NodeProto()
            copied.CopyFrom(node)
            half = self._is_half(node)
            copied.input[:] = [
                self._as_half(name) if half else self._as_float(name) for name in node.input
            ]
            if half:
                self._half |= set(node.output)
            self._nodes.append(copied)
            for name in outputs & set(copied.output) & self._half:
                copied.output[:] = [f"{name}/half" if o == name else o for o in copied.output]
                self._nodes.append(make("Cast", [f"{name}/half"], name, to=TensorProto.FLOAT))
                self._half.discard(name)
                self._casts.add(f"{name}/half")
        return self._graph.model(self._nodes, self._constants)

    def _is_half(self, node: onnx.NodeProto) -> bool:
        if _KEPT.fullmatch(node.name):
            return False
        if node.op_type in _COMPUTE:
            return True
        # What only moves or joins values goes along with where they come from.
        made = [name for name in node.input if name not in self._graph.constants]
        return node.op_type in _MOVES and any(name in self._half for name in made)

    def _as_half(self, name: str) -> str:
        there = self._constants.get(name)
        if there is not None:
            if there.dtype != np.float32:
                return name
            self._constants[f"{name}/half"] = np.clip(there, -65504, 65504).astype(np.float16)
            return f"{name}/half"
        return name if name in self._half else self._cast(name, "half", TensorProto.FLOAT16)

    def _as_float(self, name: str) -> str:
        return self._cast(name, "float", TensorProto.FLOAT) if name in self._half else name

    def _cast(self, name: str, kind: str, to: int) -> str:
        made = f"{name}/{kind}"
        if made not in self._casts:
            self._casts.add(made)
            self._nodes.append(make("Cast", [name], made, to=to))
        return made
