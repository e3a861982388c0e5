"""An ONNX graph that can be looked up and rewritten node by node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[Any]


class Graph:
    """A copy of a model's nodes and constants; `model` puts them together again.

    Attributes:
        nodes: in the order in which they run.
        constants: initializers by name.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self._source = model
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, Array] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        for node in model.graph.node:
            if node.op_type == "Cast" and node.input[0] in self.constants:
                # What is stored as half is cast once and for all.
                kind = helper.tensor_dtype_to_np_dtype(attribute(node, "to"))
                self.constants[node.output[0]] = self.constants[node.input[0]].astype(kind)
                continue
            copied = onnx.NodeProto()
            copied.CopyFrom(node)
            self.nodes.append(copied)
        self._shapes: dict[str, tuple[int, ...]] | None = None

    @property
    def inputs(self) -> list[str]:
        """Names of the graph's inputs."""
        return [value.name for value in self._source.graph.input]

    @property
    def outputs(self) -> list[str]:
        """Names of the graph's outputs."""
        return [value.name for value in self._source.graph.output]

    def producers(self) -> dict[str, onnx.NodeProto]:
        """The node that makes each tensor."""
        return {made: node for node in self.nodes for made in node.output}

    def consumers(self) -> dict[str, list[onnx.NodeProto]]:
        """The nodes that read each tensor."""
        readers: dict[str, list[onnx.NodeProto]] = {}
        for node in self.nodes:
            for used in dict.fromkeys(node.input):
                readers.setdefault(used, []).append(node)
        return readers

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each tensor at batch 1."""
        if self._shapes is None:
            model = onnx.ModelProto()
            model.CopyFrom(self._source)
            for value in [*model.graph.input, *model.graph.output]:
                value.type.tensor_type.shape.dim[0].dim_value = 1
            inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
            self._shapes = {
                value.name: tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
                for value in [*inferred.input, *inferred.output, *inferred.value_info]
            }
        return self._shapes

    def model(
        self,
        nodes: Iterable[onnx.NodeProto],
        constants: dict[str, Array],
        kinds: dict[str, int] | None = None,
    ) -> onnx.ModelProto:
        """A checked model of these nodes; constants that none of them reads are left out.

        Args:
            kinds: element types of those inputs and outputs that are not float32.
        """
        nodes = list(nodes)
        used = {name for node in nodes for name in node.input}
        tensors = [
            numpy_helper.from_array(np.ascontiguousarray(value), name)
            for name, value in constants.items()
            if name in used
        ]
        source = self._source
        graph = helper.make_graph(
            nodes,
            source.graph.name,
            [_typed(value, kinds or {}) for value in source.graph.input],
            [_typed(value, kinds or {}) for value in source.graph.output],
            tensors,
        )
        model = helper.make_model(
            graph,
            producer_name=source.producer_name,
            opset_imports=source.opset_import,
            ir_version=source.ir_version,
        )
        onnx.checker.check_model(model, full_check=True)
        return model


def _typed(value: onnx.ValueInfoProto, kinds: dict[str, int]) -> onnx.ValueInfoProto:
    typed = onnx.ValueInfoProto()
    typed.CopyFrom(value)
    typed.type.tensor_type.elem_type = kinds.get(value.name, TensorProto.FLOAT)
    return typed


def unfolded(model: onnx.ModelProto) -> onnx.ModelProto:
    """A float32 model whose constants are all stored in float32."""
    graph = Graph(model)
    return graph.model(graph.nodes, graph.constants)


def attribute(node: onnx.NodeProto, name: str, default: Any = None) -> Any:
    """A node's attribute as a Python value."""
    for each in node.attribute:
        if each.name == name:
            return helper.get_attribute_value(each)
    return default


def make(operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> onnx.NodeProto:
    """A node with one output, named after it."""
    return helper.make_node(operator, list(inputs), [output], name=output, **attributes)
