"""A float32 graph with Q/DQ pairs where layers are to compute in eight-bit integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto

from export.precision.graph import Array, Graph, attribute, make
from export.precision.plan import Plan
from export.precision.ranges import Range


@dataclass(frozen=True)
class Flavour:
    """How a runtime wants its quantized graphs.

    Attributes:
        form: its name among the forms of a bundle's graphs.
        signed: activations are int8 about 0; otherwise uint8 with a zero point.
        quantized_results: a layer's output is quantized before its activation too, without which
            ONNX Runtime computes the layer in float.
        integer_moves: what moves values moves integers, with no Q/DQ around it.
        requantized: Q/DQ stand behind what moves values too, as TensorRT wants them.
        integer_bias: biases are int32, scaled as the products that they are added to.
        padded: integers are padded before a convolution, not by it: OpenVINO sums the weights that
            meet the rim anew in each inference to take the zero point's share off.
    """

    form: str
    signed: bool
    quantized_results: bool
    integer_moves: bool
    requantized: bool
    integer_bias: bool
    padded: bool = False


X86 = Flavour("onnx", False, True, True, False, True)
OPENVINO = Flavour("openvino", False, False, True, False, False, padded=True)
TENSORRT = Flavour("tensorrt", True, False, False, True, False)
AARCH64 = Flavour("aarch64", True, True, True, False, True)


@dataclass(frozen=True)
class Scale:
    """Real value of an integer q: scale * (q - zero)."""

    scale: float
    zero: int

    @classmethod
    def of(cls, values: Range, signed: bool) -> Scale:
        """The scale that covers a range, 0 being exact."""
        if signed:
            return cls(max(values.largest, 1e-8) / 127, 0)
        step = max(values.high - values.low, 1e-8) / 255
        return cls(step, int(np.clip(round(-values.low / step), 0, 255)))


class Quantizer:
    """Rewrites one graph for one flavour.

    Args:
        graph: in float32.
        plan: what is quantized.
        ranges: of each group of tensors, by its leader, and of `Plan.results`.
        flavour: for whom.
        states: inputs and outputs that cross the graph's boundary as integers.
    """

    def __init__(
        self,
        graph: Graph,
        plan: Plan,
        ranges: Mapping[str, Range],
        flavour: Flavour,
        states: tuple[str, ...] = (),
    ) -> None:
        self._graph, self._plan, self._flavour = graph, plan, flavour
        self._ranges, self._states = ranges, states
        self._constants: dict[str, Array] = dict(graph.constants)
        self._nodes: list[onnx.NodeProto] = []
        self._made: set[str] = set()
        self._kind = np.int8 if flavour.signed else np.uint8

    def model(self) -> onnx.ModelProto:
        """The quantized graph."""
        kinds: dict[str, int] = {}
        integer = TensorProto.INT8 if self._flavour.signed else TensorProto.UINT8
        for name in self._graph.inputs:
            if name in self._states:
                kinds[name] = integer
                self._dequantize(name, name)
            elif name in self._plan.sources:
                self._quantize(name)
        outputs = set(self._graph.outputs)
        for node in self._graph.nodes:
            self._add(node)
            for made in node.output:
                if made in self._plan.sources:
                    self._quantize(made)
                if made in self._states and made in outputs:
                    kinds[made] = integer
        return self._graph.model(self._finished(outputs), self._constants, kinds)

    def _finished(self, outputs: set[str]) -> list[onnx.NodeProto]:
        """Nodes whose results are read, integer outputs under their own names."""
        renamed = {name: f"{name}/float" for name in outputs if name in self._states}
        integers = {f"{name}/q": name for name in renamed}
        if self._flavour.quantized_results:
            rounded = outputs & set(self._plan.results) - set(renamed)
            renamed |= {name: f"{name}/float" for name in rounded}
            integers |= {f"{name}/dq": name for name in rounded}
        for node in self._nodes:
            node.input[:] = [renamed.get(name, name) for name in node.input]
            node.output[:] = [renamed.get(name, name) for name in node.output]
        for node in self._nodes:
            node.input[:] = [integers.get(name, name) for name in node.input]
            node.output[:] = [integers.get(name, name) for name in node.output]
        needed = set(outputs)
        kept = []
        for node in reversed(self._nodes):
            if needed & set(node.output):
                needed |= set(node.input)
                kept.append(node)
        return kept[::-1]

    def _add(self, node: onnx.NodeProto) -> None:
        copied = onnx.NodeProto()
        copied.CopyFrom(node)
        if node.name in self._plan.moves:
            self._move(copied)
            return
        copied.input[:] = [self._read(name, node) for name in node.input]
        if node.name in self._plan.layers:
            self._layer(copied, node)
        self._append(copied)
        made = copied.output[0]
        if self._flavour.quantized_results and made in set(self._plan.results) - self._plan.sources:
            self._pair(made, Scale.of(self._ranges[made], self._flavour.signed), made)

    def _read(self, name: str, reader: onnx.NodeProto) -> str:
        """What a node reads: values that went through integers only where it cannot be helped."""
        there = self._float(name)
        precise = name in self._plan.sources and name not in self._states
        precise = precise and name not in self._plan.results
        return name if precise and reader.name not in self._plan.layers else there

    def _float(self, name: str) -> str:
        """The dequantized tensor where there is one, else the tensor itself."""
        return f"{name}/dq" if f"{name}/dq" in self._made else name

    def _append(self, node: onnx.NodeProto) -> None:
        self._nodes.append(node)
        self._made.update(node.output)

    def _layer(self, node: onnx.NodeProto, source: onnx.NodeProto) -> None:
        weight = self._constants[source.input[1]]
        axis = 0 if source.op_type == "Conv" or attribute(source, "transB", 0) else 1
        flat = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1)
        steps = (np.maximum(np.abs(flat).max(1), 1e-8) / 127).astype(np.float32)
        node.input[1] = self._weight(source.input[1], weight, steps, axis)
        if len(source.input) > 2 and self._flavour.integer_bias:
            scale = self._scale(source.input[0]).scale * steps
            node.input[2] = self._bias(source.input[2], scale)
        if self._flavour.padded and any(attribute(source, "pads", ())):
            self._pad(node, source.input[0])

    def _pad(self, node: onnx.NodeProto, name: str) -> None:
        """Let a convolution read integers that were padded with their zero."""
        (pads,) = (each for each in node.attribute if each.name == "pads")
        top, left, bottom, right = pads.ints
        padded = f"{name}/padded.{top}.{left}.{bottom}.{right}"
        pads.ints[:] = [0, 0, 0, 0]
        node.input[0] = f"{padded}/dq"
        if f"{padded}/dq" in self._made:
            return
        around = np.array([0, 0, top, left, 0, 0, bottom, right], np.int64)
        self._constants[f"{padded}/pads"] = around
        parts = self._constants_of(padded, self._scale(name))
        self._append(make("Pad", [self._integer(name), f"{padded}/pads", parts[1]], f"{padded}/q"))
        self._append(make("DequantizeLinear", [f"{padded}/q", *parts], f"{padded}/dq"))

    def _weight(self, name: str, weight: Array, steps: NDArray[np.float32], axis: int) -> str:
        shape = [-1 if each == axis else 1 for each in range(weight.ndim)]
        rounded = np.rint(weight / steps.reshape(shape))
        self._constants[f"{name}/q"] = np.clip(rounded, -127, 127).astype(np.int8)
        self._constants[f"{name}/scale"] = steps
        self._constants[f"{name}/zero"] = np.zeros(len(steps), np.int8)
        inputs = [f"{name}/{part}" for part in ("q", "scale", "zero")]
        self._append(make("DequantizeLinear", inputs, f"{name}/dq", axis=axis))
        return f"{name}/dq"

    def _bias(self, name: str, scale: NDArray[np.floating]) -> str:
        limit = 2**31 - 1
        rounded = np.clip(np.rint(self._constants[name].astype(np.float64) / scale), -limit, limit)
        self._constants[f"{name}/q"] = rounded.astype(np.int32)
        self._constants[f"{name}/scale"] = scale.astype(np.float32)
        self._constants[f"{name}/zero"] = np.zeros(len(scale), np.int32)
        inputs = [f"{name}/{part}" for part in ("q", "scale", "zero")]
        self._append(make("DequantizeLinear", inputs, f"{name}/dq", axis=0))
        return f"{name}/dq"

    def _move(self, node: onnx.NodeProto) -> None:
        """What moves values: of integers, or of what was dequantized."""
        made = node.output[0]
        count = len(node.input) if node.op_type == "Concat" else 1
        if self._flavour.integer_moves:
            for i in range(count):
                node.input[i] = self._integer(node.input[i])
            node.output[0] = f"{made}/q"
            self._append(node)
            self._dequantize(made, f"{made}/q")
            return
        for i in range(count):
            node.input[i] = self._float(node.input[i])
        if self._flavour.requantized:
            self._append(node)
            self._quantize(made)
            return
        node.output[0] = f"{made}/dq"
        self._append(node)

    def _integer(self, name: str) -> str:
        return name if name in self._states and name in self._graph.inputs else f"{name}/q"

    def _scale(self, name: str) -> Scale:
        return Scale.of(self._ranges[self._plan.leader[name]], self._flavour.signed)

    def _quantize(self, name: str) -> None:
        self._pair(name, self._scale(name), name)

    def _pair(self, name: str, scale: Scale, prefix: str) -> None:
        parts = self._constants_of(prefix, scale)
        self._append(make("QuantizeLinear", [name, *parts], f"{prefix}/q"))
        self._append(make("DequantizeLinear", [f"{prefix}/q", *parts], f"{prefix}/dq"))

    def _dequantize(self, name: str, integer: str) -> None:
        parts = self._constants_of(name, self._scale(name))
        self._append(make("DequantizeLinear", [integer, *parts], f"{name}/dq"))

    def _constants_of(self, prefix: str, scale: Scale) -> list[str]:
        self._constants[f"{prefix}/scale"] = np.array(scale.scale, np.float32)
        self._constants[f"{prefix}/zero"] = np.array(scale.zero, self._kind)
        return [f"{prefix}/scale", f"{prefix}/zero"]
