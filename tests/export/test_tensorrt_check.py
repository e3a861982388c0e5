from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from export import tensorrt_check
from export.tensorrt_check import check_bundle, check_graph, graph_problems
from mol_edge.bundle import Bundle
from mol_edge.errors import OptionError

FRAMES = ["N", 4, 8, 8]


def make(nodes, stored=None, shape=FRAMES, opset=17, out=("y",), kind=TensorProto.FLOAT):
    tensors = [numpy_helper.from_array(np.asarray(v), n) for n, v in (stored or {}).items()]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in out],
        tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def node(op, inputs, output="y", name=None, **attributes):
    return helper.make_node(op, inputs, [output], name=name or op.lower(), **attributes)


def quantized_conv(**changes):
    """x → Q → DQ → Conv, its weights quantized for each output channel."""
    weight = np.ones((6, 4, 3, 3), np.int8)
    stored = {
        "scale": np.float32(0.1),
        "zero": np.int8(0),
        "weight": weight,
        "weight_scale": np.full(6, 0.01, np.float32),
        "weight_zero": np.zeros(6, np.int8),
        "bias": np.zeros(6, np.float32),
        **changes,
    }
    nodes = [
        node("QuantizeLinear", ["x", "scale", "zero"], "xq", "quantize"),
        node("DequantizeLinear", ["xq", "scale", "zero"], "xd", "dequantize"),
        node("DequantizeLinear", ["weight", "weight_scale", "weight_zero"], "w", "weights", axis=0),
        node("Conv", ["xd", "w", "bias"], "y", "conv", pads=[1] * 4),
    ]
    return nodes, stored


def problems(nodes, stored=None, **options):
    return graph_problems(make(nodes, stored, **options))


@pytest.mark.parametrize("which", ["lite_bundle", "full_bundle"])
def test_every_exported_graph_passes(which, request):
    rows = dict(check_bundle(request.getfixturevalue(which)))
    assert {"fp32/features", "fp32/encoder", "fp32/flow", "fp32/head"} <= set(rows)
    assert {name: found for name, found in rows.items() if found} == {}


def test_the_demo_bundle_passes_in_every_precision(capsys):
    bundle = Bundle.default()
    assert tensorrt_check.main([str(bundle.folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 4
    assert all(line.endswith(": passes") for line in lines)


def test_an_operator_that_is_not_on_the_list_is_refused_with_its_node():
    nodes = [node("Relu", ["x"], "r"), node("Det", ["r"], name="flow.det")]
    with pytest.raises(
        OptionError, match=r"flow, and it cannot: the node flow\.det \(Det\) has an op"
    ):
        check_graph(make(nodes), "flow")


@pytest.mark.parametrize(
    ("nodes", "stored", "options", "expected"),
    [
        ([node("Relu", ["x"])], {}, {"opset": 21}, "its opset is 21"),
        ([node("Relu", ["x"])], {}, {"shape": ["N", 4, "H", 8]}, "the input x has a dynamic axis"),
        ([node("MaxPool", ["x"], kernel_shape=[2, 2], dilations=[2, 2])], {}, {}, "dilations ="),
        ([node("DepthToSpace", ["x"], blocksize=2, mode="CRD")], {}, {}, None),
        ([node("Cast", ["x"], to=TensorProto.DOUBLE)], {}, {}, "casts to float64"),
        ([node("Relu", ["x"])], {}, {"kind": TensorProto.INT32}, "takes x as int32"),
        ([node("Reshape", ["x", "s"])], {"s": np.array([-1, 256])}, {}, None),
        ([node("NonZero", ["x"])], {}, {}, "does not settle"),
        (
            [node("MaxPool", ["x"], kernel_shape=[2])],
            {},
            {"shape": ["N", 4, 8]},
            "works on 1 dimensions",
        ),
    ],
)
def test_restrictions(nodes, stored, options, expected):
    found = problems(nodes, stored, **options)
    if expected is None:
        assert found == []
    else:
        assert any(expected in each for each in found), found


def test_places_that_are_computed_are_refused():
    nodes = [
        node("Shape", ["x"], "s", "size"),
        node("Slice", ["x", "start", "s"], name="cut"),
    ]
    found = problems(nodes, {"start": np.zeros(4, np.int64)})
    assert "the node cut (Slice) takes s, which must be stored in the graph" in found


def test_symmetric_pairs_where_they_fuse_pass():
    assert problems(*quantized_conv()) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"zero": np.uint8(0)}, "quantize (QuantizeLinear) has a zero point of type uint8"),
        ({"zero": np.int8(3)}, "quantize (QuantizeLinear) has a zero point other than 0"),
        ({"scale": np.float32(0)}, "has a scale that is not above 0"),
        (
            {"scale": np.full(4, 0.1, np.float32), "zero": np.zeros(4, np.int8)},
            "has a scale for each channel of an activation",
        ),
        (
            {"weight": np.ones((6, 4, 3, 3), np.uint8), "weight_zero": np.zeros(6, np.uint8)},
            "weights (DequantizeLinear) takes weight as uint8",
        ),
    ],
)
def test_pairs_that_are_not_symmetric_are_refused_with_their_node(changes, expected):
    found = problems(*quantized_conv(**changes))
    assert any(expected in each for each in found), found


def test_a_pair_without_a_zero_point_is_unsigned():
    nodes, stored = quantized_conv()
    nodes[0] = node("QuantizeLinear", ["x", "scale"], "xq", "quantize")
    nodes[1] = node("DequantizeLinear", ["xq", "scale"], "xd", "dequantize")
    found = problems(nodes, stored)
    assert any("quantize (QuantizeLinear) has no zero point" in each for each in found), found


def test_scales_along_the_input_channels_are_refused():
    changes = {"weight_scale": np.full(4, 0.1, np.float32), "weight_zero": np.zeros(4, np.int8)}
    nodes, stored = quantized_conv(**changes)
    nodes[2] = node("DequantizeLinear", list(nodes[2].input), "w", "weights", axis=1)
    found = problems(nodes, stored)
    assert found == [
        "the node weights (DequantizeLinear) has its scales along axis 1, which is not the "
        "channels of Conv"
    ]


def test_a_convolution_with_quantized_weights_alone_is_refused():
    nodes, stored = quantized_conv()
    nodes[3] = node("Conv", ["x", "w", "bias"], "y", "conv", pads=[1] * 4)
    found = problems([nodes[2], nodes[3]], stored)
    assert found == [
        "the node conv (Conv) has quantized weights alone: quantize its data too, or neither"
    ]


def test_a_convolution_that_stays_in_float_may_read_what_others_read_in_int8():
    nodes, stored = quantized_conv()
    nodes.append(node("Conv", ["xd", "float_weight"], "z", "beside", pads=[1] * 4))
    stored["float_weight"] = np.ones((6, 4, 3, 3), np.float32)
    assert problems(nodes, stored, out=("y", "z")) == []


def test_a_quantized_bias_is_refused():
    nodes, stored = quantized_conv(bias=np.zeros(6, np.int32), bias_scale=np.float32(1e-3))
    nodes.insert(3, node("DequantizeLinear", ["bias", "bias_scale"], "b", "bias"))
    nodes[4] = node("Conv", ["xd", "w", "b"], "y", "conv", pads=[1] * 4)
    found = problems(nodes, stored)
    assert any("bias (DequantizeLinear) dequantizes stored int32" in each for each in found), found


def test_a_pair_before_an_activation_is_refused():
    nodes, stored = quantized_conv()
    nodes[3] = node("Conv", ["xd", "w", "bias"], "c", "conv", pads=[1] * 4)
    nodes += [
        node("QuantizeLinear", ["c", "scale", "zero"], "cq", "early"),
        node("DequantizeLinear", ["cq", "scale", "zero"], "cd", "late"),
        node("Relu", ["cd"]),
    ]
    found = problems(nodes, stored)
    assert found == [
        "the node early (QuantizeLinear) lies before an activation, and must lie behind it to fuse"
    ]


def test_a_pair_that_nothing_fuses_with_is_refused():
    nodes, stored = quantized_conv()
    found = problems([*nodes[:2], node("Softmax", ["xd"], "y", "softmax")], stored)
    assert found == [
        "the node dequantize (DequantizeLinear) feeds Softmax, with which it does not fuse"
    ]


def test_the_command_names_what_is_wrong(toy_copy: Path, capsys):
    path = toy_copy / "fp32" / "head.onnx"
    model = onnx.load(path, load_external_data=False)
    model.graph.node.append(helper.make_node("Det", ["flat"], ["d"], name="stray"))
    path.write_bytes(model.SerializeToString())
    import json

    from mol_edge.bundle import measure

    manifest = json.loads((toy_copy / "manifest.json").read_text())
    info = measure(path)
    manifest["files"]["fp32/head.onnx"] = {"bytes": info.bytes, "sha256": info.sha256}
    (toy_copy / "manifest.json").write_text(json.dumps(manifest))
    assert tensorrt_check.main([str(toy_copy)]) == 1
    out = capsys.readouterr().out
    assert "fp32/head: 1 problems" in out
    assert "the node stray (Det) has an operator that it does not support" in out
    assert tensorrt_check.main([str(toy_copy / "nothing")]) == 2
