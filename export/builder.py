"""A small writer of ONNX graphs: named nodes, constants stored once, batch axis free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8  # read by every ONNX Runtime since 1.12 and by TensorRT 8.6 and later
HALF_FROM = 1024  # with half storage, constants of fewer elements stay in float32


class GraphBuilder:
    """Collects nodes and constants and makes a model of them.

    Args:
        name: name of the graph.
        half_storage: keep large float constants as float16 and cast them to float32 on loading.
    """

    def __init__(self, name: str, half_storage: bool = False) -> None:
        self.name = name
        self.half_storage = half_storage
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, str] = {}
        self._initializers: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, *shape: int) -> str:
        """Declare a float32 input [N, *shape]."""
        self._inputs.append(_value(name, shape))
        return name

    def output(self, value: str, name: str, *shape: int) -> None:
        """Declare `value` as the float32 output `name` [N, *shape]."""
        for node in self._nodes:
            node.output[:] = [name if made == value else made for made in node.output]
            node.input[:] = [name if used == value else used for used in node.input]
        self._outputs.append(_value(name, shape))

    def constant(self, name: str, values: NDArray[Any], exact: bool = False) -> str:
        """A stored tensor; floats become float32, or float16 with a cast if storage is half.

        Args:
            exact: keep float32 whatever the storage.
        """
        if name in self._constants:
            return self._constants[name]
        if np.issubdtype(values.dtype, np.floating):
            values = values.astype(np.float32)
        half = self.half_storage and not exact and values.dtype == np.float32
        if half and values.size >= HALF_FROM:
            self._initializers.append(
                numpy_helper.from_array(values.astype(np.float16), f"{name}.half")
            )
            used = self.node("Cast", [f"{name}.half"], f"{name}.cast", to=TensorProto.FLOAT)
        else:
            self._initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
            used = name
        self._constants[name] = used
        return used

    def node(self, operator: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """Add a node with one output, which bears the node's name."""
        self._nodes.append(
            helper.make_node(operator, list(inputs), [f"{name}:0"], name=name, **attributes)
        )
        return f"{name}:0"

    def conv(
        self,
        x: str,
        name: str,
        weight: NDArray[Any],
        bias: NDArray[Any] | None = None,
        *,
        stride: int | tuple[int, int] = 1,
        pad: int = 0,
        exact: bool = False,
    ) -> str:
        """2-d convolution."""
        inputs = [x, self.constant(f"{name}.weight", weight, exact)]
        if bias is not None:
            inputs.append(self.constant(f"{name}.bias", bias, exact))
        return self.node(
            "Conv",
            inputs,
            name,
            kernel_shape=list(weight.shape[2:]),
            strides=[stride, stride] if isinstance(stride, int) else list(stride),
            pads=[pad] * 4,
        )

    def linear(self, x: str, name: str, weight: NDArray[Any], bias: NDArray[Any]) -> str:
        """Rows [N, in] times weight [out, in], plus bias."""
        inputs = [
            x,
            self.constant(f"{name}.weight", weight),
            self.constant(f"{name}.bias", bias),
        ]
        return self.node("Gemm", inputs, name, transB=1)

    def reshape(self, x: str, name: str, *shape: int) -> str:
        """Reshape; one entry may be -1, and 0 keeps an axis."""
        label = "shape." + "x".join(str(size) for size in shape)
        return self.node("Reshape", [x, self.constant(label, np.array(shape, np.int64))], name)

    def slice(self, x: str, name: str, axis: int, start: int, stop: int) -> str:
        """Part of one axis."""
        bounds = [
            self.constant(f"index.{value}", np.array([value], np.int64))
            for value in (start, stop, axis)
        ]
        return self.node("Slice", [x, *bounds], name)

    def crop(self, x: str, name: str, side: int) -> str:
        """The inner `side` x `side` pixels of maps with a rim of one pixel."""
        starts = self.constant("rim.start", np.array([1, 1], np.int64))
        stops = self.constant(f"rim.stop.{side}", np.array([side + 1, side + 1], np.int64))
        axes = self.constant("rim.axes", np.array([2, 3], np.int64))
        return self.node("Slice", [x, starts, stops, axes], name)

    def top_k(self, x: str, count: str, name: str, axis: int) -> tuple[str, str]:
        """Values and indices of the largest entries along an axis."""
        made = (f"{name}:values", f"{name}:indices")
        self._nodes.append(helper.make_node("TopK", [x, count], list(made), name=name, axis=axis))
        return made

    def split(self, x: str, name: str, axis: int, parts: int) -> list[str]:
        """Equal parts of an axis; of one part, `x` itself."""
        if parts == 1:
            return [x]
        made = [f"{name}:{part}" for part in range(parts)]
        self._nodes.append(helper.make_node("Split", [x], made, name=name, axis=axis))
        return made

    def transpose(self, x: str, name: str, *order: int) -> str:
        """Reorder axes."""
        return self.node("Transpose", [x], name, perm=list(order))

    def model(self) -> onnx.ModelProto:
        """The checked model."""
        graph = helper.make_graph(
            self._nodes, self.name, self._inputs, self._outputs, self._initializers
        )
        model = helper.make_model(
            graph,
            producer_name="mol-edge",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        onnx.checker.check_model(model, full_check=True)
        return model


def _value(name: str, shape: Sequence[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])
