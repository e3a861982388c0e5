"""Graphs in memory on a runtime, to try what is not yet in a bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.backends.base import Tensors
from mol_edge.backends.native import AWAKE_US, TENSORS, core_graph
from mol_edge.backends.native_weights import native_weights
from mol_edge.backends.onnxruntime_ import EXACT_BYTES
from mol_edge.backends.openvino_core import the_core
from mol_edge.backends.openvino_cpu import keep_sums_exact
from mol_edge.errors import DeviceError
from mol_edge.graph_info import TensorInfo

Run = Callable[[Tensors], dict[str, NDArray[Any]]]


class ModelsBackend:
    """A `mol_edge.backends.Backend` on ONNX models that are held in memory.

    Args:
        models: graphs by name, with their constants inside.
        runtime: ``onnxruntime``, ``openvino`` or ``native``, on the CPU.
        threads: of one inference.
        like: another one on the same runtime, from which graphs that both have are taken over.
    """

    def __init__(
        self,
        models: Mapping[str, onnx.ModelProto],
        runtime: str,
        threads: int = 1,
        like: ModelsBackend | None = None,
    ) -> None:
        self._models, self._runtime, self._threads = models, runtime, threads
        self._runs: dict[str, Run] = {}
        if like is not None:
            for name, run in like._runs.items():
                if like._models[name] is models.get(name):
                    self._runs[name] = run
        self.reasons: tuple[str, ...] = ()

    @property
    def device(self) -> str:
        """The runtime's name."""
        return self._runtime

    def run(self, graph: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        """Run one graph."""
        if graph not in self._runs:
            self._runs[graph] = self._load(graph)
        return self._runs[graph](inputs)

    def _load(self, graph: str) -> Run:
        if self._runtime == "native":
            return _native(graph, self._models[graph], self._threads)
        load = _openvino if self._runtime == "openvino" else _onnxruntime
        return load(self._models[graph].SerializeToString(), self._threads)

    def run_into(self, graph: str, inputs: Tensors, outputs: Tensors) -> None:
        """Run one graph into given arrays."""
        for name, value in self.run(graph, inputs).items():
            outputs[name][...] = value

    def outputs_of(self, graph: str) -> Mapping[str, TensorInfo]:
        """Not kept for graphs in memory; raises DeviceError."""
        raise DeviceError(f"Graphs in memory must be run alone, and {graph} was asked for types.")

    def close(self) -> None:
        """Give back what the runtime holds."""
        self._runs.clear()


def _onnxruntime(model: bytes, threads: int) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry(*EXACT_BYTES)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_outputs()]

    def run(inputs: Tensors) -> dict[str, NDArray[Any]]:
        return dict(zip(names, session.run(names, dict(inputs))))

    return run


def _openvino(model: bytes, threads: int) -> Run:
    core = the_core()
    read = core.read_model(model, b"")
    keep_sums_exact(read)
    compiled = core.compile_model(
        read,
        "CPU",
        {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads},
    )

    def run(inputs: Tensors) -> dict[str, NDArray[Any]]:
        ready = {name: np.ascontiguousarray(value) for name, value in inputs.items()}
        results = compiled(ready)
        return {out.any_name: np.array(results[out]) for out in compiled.outputs}

    return run


def _native(graph: str, model: onnx.ModelProto, threads: int) -> Run:
    made = core_graph(graph, native_weights(graph, model.SerializeToString()))
    team = _core.Team(threads, AWAKE_US["shared"])
    takes, gives = TENSORS[graph]
    shapes = {
        value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim[1:]]
        for value in model.graph.output
    }

    def run(inputs: Tensors) -> dict[str, NDArray[Any]]:
        given = [np.ascontiguousarray(inputs[name]) for name in takes]
        results = {name: np.empty([len(given[0]), *shapes[name]], np.float32) for name in gives}
        made.run(team, *given, *results.values())
        return results

    return run
