"""How many layers a runtime really computes in integers, asked of the runtime itself."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import onnx

from mol_edge.backends.native import core_graph
from mol_edge.backends.native_bytes import STEPS
from mol_edge.backends.native_weights import native_weights
from mol_edge.backends.openvino_core import the_core

_ORT_INTEGER = frozenset({"QLinearConv", "QGemm", "QLinearMatMul", "MatMulIntegerToFloat"})
_OV_LAYERS = frozenset({"Convolution", "FullyConnected", "MatMul"})
_OV_INTEGER = frozenset({"i8", "u8"})


def in_onnxruntime(model: onnx.ModelProto, signed: bool = False) -> int:
    """Integer kernels in the graph that ONNX Runtime makes of a model on this CPU.

    Args:
        model: with Q/DQ pairs.
        signed: keep signed activations as they are, as on AArch64; on x86 they become unsigned.
    """
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "optimised.onnx"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        if signed:
            options.add_session_config_entry("session.qdqisint8allowed", "1")
        options.log_severity_level = 3
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        optimised = onnx.load(str(path))
    return sum(node.op_type in _ORT_INTEGER for node in optimised.graph.node)


def in_openvino(xml: bytes, weights: bytes) -> int:
    """Integer layers in the graph that OpenVINO compiles of an IR on this CPU."""
    import openvino

    core = the_core()
    tensor = openvino.Tensor(openvino.Type.u8, [len(weights)])
    tensor.data[:] = memoryview(weights)
    compiled = core.compile_model(
        core.read_model(xml, tensor), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    found = 0
    for node in compiled.get_runtime_model().get_ordered_ops():
        facts = {key: str(value.astype(str)) for key, value in node.get_rt_info().items()}
        kind, precision = facts.get("layerType"), facts.get("runtimePrecision", "")
        found += kind in _OV_LAYERS and precision in _OV_INTEGER
    return found


def in_core(models: Mapping[str, onnx.ModelProto]) -> tuple[int, int]:
    """Layers that the C++ core should compute in bytes of graphs in eight bits, and that it does.

    Raises:
        DeviceError: the core does not compute what a graph does.
    """
    asked = made = 0
    for graph in models.keys() & {"features", "encoder", "flow"}:
        read = native_weights(graph, models[graph].SerializeToString())
        asked += sum(name.endswith(STEPS) for name in read.values)
        made += core_graph(graph, read).layers_in_bytes
    return asked, made


def signed_layers(model: onnx.ModelProto) -> int:
    """Layers of an explicit Q/DQ graph that read int8 about 0 on both sides.

    TensorRT computes these in INT8; it accepts no other zero point.
    """
    makers = {made: node for node in model.graph.node for made in node.output}
    zeros = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}

    def symmetric(name: str) -> bool:
        node = makers.get(name)
        if node is None or node.op_type != "DequantizeLinear":
            return False
        zero = zeros.get(node.input[2])
        return zero is not None and zero.dtype.name == "int8" and not zero.any()

    return sum(
        node.op_type in ("Conv", "Gemm") and all(symmetric(name) for name in node.input[:2])
        for node in model.graph.node
    )
