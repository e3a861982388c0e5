"""Fp16 and signed int8 of the demo network pass the static check for TensorRT 10.3."""

from __future__ import annotations

from export.precision.build import Form, Models
from export.precision.half import halved
from export.tensorrt_check import graph_problems


def test_graphs_in_half_precision_pass(float32: Models) -> None:
    found = {name: graph_problems(halved(model)) for name, model in float32.items()}
    assert set(found) >= {"features", "encoder", "flow", "head"}
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_graphs_in_eight_bits_about_zero_pass(eight: dict[str, Form]) -> None:
    models = eight["tensorrt"].models
    pairs = sum(
        node.op_type == "QuantizeLinear" for model in models.values() for node in model.graph.node
    )
    assert pairs > 10
    found = {name: graph_problems(model) for name, model in models.items()}
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_eight_bits_with_another_zero_are_refused_by_name(eight: dict[str, Form]) -> None:
    problems = graph_problems(eight["onnx"].models["flow"])
    assert any("zero point of type uint8" in each for each in problems), problems[:3]
    assert all(each.startswith("the node ") for each in problems)
