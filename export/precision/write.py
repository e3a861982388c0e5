"""Graphs of a precision into a bundle's folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto

from export.builder import HALF_FROM
from export.intermediate import to_openvino
from export.precision.build import Models
from export.precision.graph import Graph, make
from export.store import WeightStore
from mol_edge.graph_info import GraphInfo, TensorInfo

_TYPES: dict[int, str] = {
    TensorProto.FLOAT: "float32",
    TensorProto.FLOAT16: "float16",
    TensorProto.UINT8: "uint8",
    TensorProto.INT8: "int8",
}
_ENDINGS = {"onnx": ".onnx", "openvino": ".xml"}
_EXACT = ("stem", ".fcc.", "flow.corr.")
"""Parts of the names of constants that stay in float32 in every storage: they feed the neighbour
search or the correlation."""

Forms = dict[str, dict[str, GraphInfo]]


def tensors(values: Iterable[onnx.ValueInfoProto]) -> dict[str, TensorInfo]:
    """Types and shapes of a graph's inputs or outputs, for the manifest."""
    return {
        value.name: TensorInfo(
            _TYPES[value.type.tensor_type.elem_type],
            tuple(d.dim_value or "N" for d in value.type.tensor_type.shape.dim),
        )
        for value in values
    }


def write_precision(
    folder: Path, precision: str, forms: Mapping[str, Models], half_storage: bool = False
) -> Forms:
    """Write the graphs of every form of a precision, all with one file of weights.

    Args:
        folder: of the bundle.
        precision: names the folder in it.
        forms: graphs by form; those of ``openvino`` are written as its IR.
        half_storage: keep large float constants as float16.

    Returns:
        What the manifest says of the graphs, by form and name.
    """
    place = folder / precision
    place.mkdir()
    weights = f"{precision}/weights.bin"
    written: Forms = {}
    with WeightStore(folder / weights) as store:
        for form, models in forms.items():
            # All in one folder: ONNX lets a model name files beside it, none above it.
            ending = _ENDINGS.get(form, f".{form}.onnx")
            for name, model in models.items():
                stored = stored_half(model) if half_storage else model
                info = GraphInfo(
                    f"{precision}/{name}{ending}",
                    weights,
                    tensors(model.graph.input),
                    tensors(model.graph.output),
                )
                if form == "openvino":
                    content = store.externalise_ir(*to_openvino(stored))
                else:
                    copied = onnx.ModelProto()
                    copied.CopyFrom(stored)
                    content = store.externalise(copied).SerializeToString()
                (folder / info.file).write_bytes(content)
                written.setdefault(form, {})[name] = info
    return written


def stored_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its large float constants kept as float16 and cast on loading."""
    graph = Graph(model)
    casts, constants = [], dict(graph.constants)
    for name, value in graph.constants.items():
        exact = any(part in name for part in _EXACT)
        if value.dtype != np.float32 or value.size < HALF_FROM or exact:
            continue
        constants[f"{name}/stored"] = constants.pop(name).astype(np.float16)
        casts.append(make("Cast", [f"{name}/stored"], name, to=TensorProto.FLOAT))
    kinds = {
        value.name: value.type.tensor_type.elem_type
        for value in [*model.graph.input, *model.graph.output]
    }
    return graph.model([*casts, *graph.nodes], constants, kinds)
