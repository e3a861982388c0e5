"""Q/DQ graphs: what they compute, how they are scaled, and that runtimes compute them in INT8."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import openvino
import pytest
from onnx import TensorProto, numpy_helper

from export.builder import GraphBuilder
from export.intermediate import to_openvino
from export.precision import count
from export.precision.equalise import equalise
from export.precision.graph import Graph
from export.precision.plan import plan
from export.precision.quantize import AARCH64, OPENVINO, TENSORRT, X86, Flavour, Quantizer, Scale
from export.precision.ranges import Range, collect
from export.precision.trial import ModelsBackend
from mol_edge.backends import openvino_cpu
from mol_edge.backends.openvino_core import the_core
from mol_edge.backends.openvino_cpu import spare_a_bit

SLOPE = 0.1
LAYERS = ("a", "b", "c")


def small_model(rng: np.random.Generator) -> onnx.ModelProto:
    """Two convolutions joined with the input at a hundredth of their range, and a third on that."""
    g = GraphBuilder("small")
    x = g.input("x", 4, 8, 8)
    tiny = g.input("tiny", 2, 8, 8)
    made = []
    for name in ("a", "b"):
        weight, bias = rng.normal(size=(4, 4, 3, 3)), rng.normal(size=4)
        y = g.conv(x, name, weight, bias, pad=1)
        made.append(g.node("LeakyRelu", [y], f"{name}.relu", alpha=SLOPE))
    joined = g.node("Concat", [*made, tiny], "joined", axis=1)
    gains = np.r_[np.ones(8), 100, 100][:, None, None]
    weight, bias = rng.normal(size=(3, 10, 3, 3)) * gains, rng.normal(size=3)
    y = g.conv(joined, "c", weight, bias, pad=1)
    g.output(y, "y", 3, 8, 8)
    return g.model()


def inputs(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "x": rng.normal(size=(1, 4, 8, 8)).astype(np.float32),
        "tiny": (0.01 * rng.normal(size=(1, 2, 8, 8))).astype(np.float32),
    }


def run(model: onnx.ModelProto, given: dict[str, np.ndarray], runtime: str = "onnxruntime"):
    return ModelsBackend({"m": model}, runtime).run("m", given)["y"]


def quantized_small(
    rng: np.random.Generator, flavour: Flavour, equal: bool = True
) -> tuple[onnx.ModelProto, onnx.ModelProto, dict[str, np.ndarray]]:
    model, given = small_model(rng), inputs(rng)
    made = plan(Graph(model), LAYERS)
    found = collect(model, sorted(made.leader), [given], 1)
    even = equalise(model, made, found) if equal else model
    made = plan(Graph(even), LAYERS)
    found = collect(even, sorted({*made.leader, *made.results}), [given], 1)
    ranges = {name: Range(h.low, h.high) for name, h in found.items() if name in made.results}
    for leader, members in made.groups().items():
        each = [found[name] for name in members if name in made.sources]
        ranges[leader] = Range(min(h.low for h in each), max(h.high for h in each))
    return model, Quantizer(Graph(even), made, ranges, flavour).model(), given


def test_a_scale_covers_its_range_and_holds_zero_exactly() -> None:
    unsigned = Scale.of(Range(-1.0, 4.1), signed=False)
    assert unsigned.scale == pytest.approx(0.02)
    assert unsigned.zero == 50
    signed = Scale.of(Range(-1.0, 2.54), signed=True)
    assert (signed.scale, signed.zero) == (pytest.approx(0.02), 0)


def test_what_is_joined_shares_one_scale(rng: np.random.Generator) -> None:
    made = plan(Graph(small_model(rng)), LAYERS)
    joined = made.leader["joined:0"]
    assert {made.leader[name] for name in ("a.relu:0", "b.relu:0", "tiny")} == {joined}
    assert made.leader["x"] != joined
    assert made.moves == {"joined"}
    assert made.results == {"a:0": pytest.approx(SLOPE), "b:0": pytest.approx(SLOPE), "y": 1.0}


def test_what_leaves_the_graph_in_float_is_not_made_of_integers(rng: np.random.Generator) -> None:
    g = GraphBuilder("kept")
    x = g.input("x", 4, 8, 8)
    kept = g.reshape(g.node("Relu", [x], "relu"), "flat", -1, 4, 8, 8)
    y = g.conv(kept, "a", rng.normal(size=(3, 4, 1, 1)))
    g.output(kept, "kept", 4, 8, 8)
    g.output(y, "y", 3, 8, 8)
    made = plan(Graph(g.model()), ["a"])
    assert made.sources == {"kept"}
    assert made.moves == frozenset()


def test_equalising_changes_ranges_and_not_results(rng: np.random.Generator) -> None:
    model, given = small_model(rng), inputs(rng)
    made = plan(Graph(model), LAYERS)
    found = collect(model, sorted(made.leader), [given], 1)
    even = equalise(model, made, found)
    np.testing.assert_allclose(run(even, given), run(model, given), rtol=1e-4, atol=1e-4)
    join = next(node for node in even.graph.node if node.op_type == "Concat")
    after = collect(even, list(join.input), [given], 1)
    before = found["tiny"]
    assert before.high < 0.05
    assert min(h.high for h in after.values()) > 10 * before.high


@pytest.mark.parametrize("flavour", [X86, OPENVINO, TENSORRT, AARCH64], ids=lambda f: f.form)
def test_eight_bits_are_near_float_once_ranges_are_equal(
    rng: np.random.Generator, flavour: Flavour
) -> None:
    model, made, given = quantized_small(rng, flavour)
    wanted = run(model, given)
    error = np.abs(run(made, given) - wanted).max() / np.abs(wanted).max()
    assert 1e-5 < error < 0.06
    other = np.random.default_rng(3)
    _, uneven, _ = quantized_small(other, flavour, equal=False)
    worse = np.abs(run(uneven, given) - wanted).max() / np.abs(wanted).max()
    assert worse > 2 * error


@pytest.mark.parametrize("seed", [3, 5])
@pytest.mark.parametrize(("flavour", "runtime"), [(X86, "onnxruntime"), (OPENVINO, "openvino")])
def test_sums_of_bytes_do_not_saturate_on_this_processor(
    seed: int, flavour: Flavour, runtime: str
) -> None:
    model, made, given = quantized_small(np.random.default_rng(seed), flavour)
    wanted = run(model, given)
    assert np.abs(run(made, given, runtime) - wanted).max() / np.abs(wanted).max() < 0.04


def test_weights_with_a_bit_to_spare_are_near_those_of_eight_bits(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, made, given = quantized_small(rng, OPENVINO)
    wanted = run(model, given)
    kept = []
    for exact in (True, False):
        monkeypatch.setattr(openvino_cpu._core, "_adds_bytes_exactly", lambda exact=exact: exact)
        kept.append(run(made, given, "openvino"))
    assert np.abs(kept[1] - wanted).max() / np.abs(wanted).max() < 0.04
    assert np.abs(kept[1] - kept[0]).max() > 0
    xml, weights = to_openvino(made)
    ir = the_core().read_model(xml, openvino.Tensor(np.frombuffer(weights, np.uint8).copy()))
    assert spare_a_bit(ir) == len(LAYERS)
    bytes_of = [
        np.asarray(node.data)
        for node in ir.get_ordered_ops()
        if node.get_type_name() == "Constant" and node.get_element_type() == openvino.Type.i8
    ]
    assert max(np.abs(values).max() for values in bytes_of) == 64


def test_each_runtime_computes_its_flavour_in_integers(rng: np.random.Generator) -> None:
    _, made, _ = quantized_small(rng, X86)
    assert count.in_onnxruntime(made) == len(LAYERS)
    _, made, _ = quantized_small(np.random.default_rng(3), AARCH64)
    assert count.in_onnxruntime(made, signed=True) == len(LAYERS)
    _, made, _ = quantized_small(np.random.default_rng(3), OPENVINO)
    assert count.in_openvino(*to_openvino(made)) == len(LAYERS)
    # Without Q/DQ at their results, ONNX Runtime computes layers in float: the count says so.
    assert count.in_onnxruntime(made) < len(LAYERS)


def test_openvino_pads_integers_before_convolutions_to_the_same_end(
    rng: np.random.Generator,
) -> None:
    _, made, given = quantized_small(rng, OPENVINO)
    pads = [a for n in made.graph.node if n.op_type == "Conv" for a in n.attribute]
    assert all(not any(a.ints) for a in pads if a.name == "pads")
    padded = [node for node in made.graph.node if node.op_type == "Pad"]
    # Two of the three layers read the same tensor.
    assert len(padded) == len(LAYERS) - 1
    constants = Graph(made).constants
    assert {constants[node.input[2]].dtype for node in padded} == {np.dtype(np.uint8)}
    usual = replace(OPENVINO, padded=False, integer_moves=False)
    _, plain, _ = quantized_small(np.random.default_rng(3), usual)
    assert not any(node.op_type == "Pad" for node in plain.graph.node)
    np.testing.assert_allclose(run(made, given), run(plain, given), atol=1e-4)
    came = run(made, given, "openvino")
    np.testing.assert_allclose(came, run(plain, given, "openvino"), atol=1e-4)


def test_the_form_for_tensorrt_is_int8_about_zero(rng: np.random.Generator) -> None:
    _, made, _ = quantized_small(rng, TENSORRT)
    assert count.signed_layers(made) == len(LAYERS)
    zeros = [numpy_helper.to_array(t) for t in made.graph.initializer if t.name.endswith("/zero")]
    assert zeros
    assert all(zero.dtype == np.int8 and not zero.any() for zero in zeros)
    _, unsigned, _ = quantized_small(np.random.default_rng(3), X86)
    assert count.signed_layers(unsigned) == 0


def test_states_cross_the_boundary_as_integers(eight) -> None:
    for form, kind in (("onnx", TensorProto.UINT8), ("tensorrt", TensorProto.INT8)):
        models = eight[form].models
        made = {v.name: v.type.tensor_type.elem_type for v in models["encoder"].graph.output}
        read = {v.name: v.type.tensor_type.elem_type for v in models["flow"].graph.input}
        assert made["enc2"] == read["enc2"] == kind
        assert made["enc3"] == read["enc3"] == TensorProto.FLOAT
        scales = [
            numpy_helper.to_array(t)
            for graph, name in (("encoder", "enc2/scale"), ("flow", "flow.concat2:0/scale"))
            for t in models[graph].graph.initializer
            if t.name == name
        ]
        assert len(scales) == 2
        assert scales[0] == scales[1]
