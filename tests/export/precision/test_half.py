"""Half precision: float32 at the boundary and where it is needed, float16 elsewhere."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto

from export.precision.bench import Bench
from export.precision.build import Form, Models
from export.precision.half import halved
from export.precision.write import stored_half


def kinds(model: onnx.ModelProto) -> dict[str, int]:
    """Element type of every tensor, as ONNX infers it."""
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    return {
        v.name: v.type.tensor_type.elem_type
        for v in [*graph.value_info, *graph.input, *graph.output]
    }


def test_what_decides_on_neighbours_and_gives_pixels_stays_in_float32(float32: Models) -> None:
    found = kinds(halved(float32["features"]))
    kept = [name for name in found if "similarity" in name or ".fcc." in name or "stem" in name]
    assert len(kept) >= 5
    assert {found[name] for name in kept} == {TensorProto.FLOAT}
    assert found["landmarks"] == TensorProto.FLOAT
    halves = [name for name, kind in found.items() if kind == TensorProto.FLOAT16]
    assert any("landmark.fc1" in name for name in halves)
    flow = kinds(halved(float32["flow"]))
    assert flow["flow.conv4:0"] == TensorProto.FLOAT16
    assert {flow[name] for name in flow if name.startswith("flow.corr.product")} == {
        TensorProto.FLOAT
    }
    for name, model in float32.items():
        made = halved(model)
        boundary = [*made.graph.input, *made.graph.output]
        assert {v.type.tensor_type.elem_type for v in boundary} == {TensorProto.FLOAT}, name


def test_half_precision_is_near_float32(bench: Bench, float32: Models) -> None:
    half = Form({name: halved(model) for name, model in float32.items()})
    judged = bench.judge("fp16", {"onnx": half, "openvino": half})
    assert judged.passed, judged.failures
    for verdict in judged.verdicts:
        assert verdict.figures.agreement == 1.0
        assert 1e-6 < verdict.figures.flow_error < 1e-3
        assert verdict.figures.landmark_error < 0.01


def test_weights_stored_as_halves_are_cast_on_loading(float32: Models) -> None:
    stored = stored_half(float32["features"])
    kept = {t.name: t.data_type for t in stored.graph.initializer}
    halves = [name for name in kept if name.startswith("landmark.fc1.weight")]
    assert [kept[name] for name in halves] == [TensorProto.FLOAT16]
    exact = [name for name in kept if name.startswith("stem") and name.endswith("weight")]
    assert exact
    assert {kept[name] for name in exact} == {TensorProto.FLOAT}
    before = float32["features"].ByteSize()
    assert stored.ByteSize() < 0.8 * before
    assert np.isclose(stored.ByteSize(), before / 2, rtol=0.5)
