"""A graph in eight bits as the C++ core takes it."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from mol_edge.backends.native_bytes import plain_name, plain_nodes, plain_weights
from mol_edge.errors import BundleError
from mol_edge.onnx_tensors import Node


def node(operator, name, inputs, outputs):
    return Node(operator, name, tuple(inputs), tuple(outputs), ())


def quantized(name, source=None):
    """A tensor to integers and back, as the export does it."""
    source = source or name
    scale, zero = f"{name}/scale", f"{name}/zero"
    return [
        node("QuantizeLinear", f"{name}/q", [source, scale, zero], [f"{name}/q"]),
        node("DequantizeLinear", f"{name}/dq", [f"{name}/q", scale, zero], [f"{name}/dq"]),
    ]


AXIS_0 = b"\n\x04axis\x18\x00\xa0\x01\x02"


def weight(name):
    inputs = [f"{name}/q", f"{name}/scale", f"{name}/zero"]
    return Node("DequantizeLinear", f"{name}/dq", tuple(inputs), (f"{name}/dq",), (AXIS_0,))


LAYER = "flow.conv4"
NODES = [
    node("Mul", "flow.joined/member1", ["first", "factor"], ["flow.joined/member1"]),
    quantized("x")[0],
    quantized("flow.joined/member1")[0],
    node("Concat", "flow.joined", ["x/q", "flow.joined/member1/q"], ["flow.joined:0/q"]),
    node(
        "DequantizeLinear", "flow.joined:0/dq",
        ["flow.joined:0/q", "flow.joined:0/scale", "flow.joined:0/zero"], ["flow.joined:0/dq"],
    ),
    weight(f"{LAYER}.weight"),
    weight(f"{LAYER}.bias"),
    node(
        "Conv", LAYER,
        ["flow.joined:0/dq", f"{LAYER}.weight/dq", f"{LAYER}.bias/dq"], [f"{LAYER}:0"],
    ),
    node("LeakyRelu", f"{LAYER}.relu", [f"{LAYER}:0"], ["enc2/float"]),
    node("QuantizeLinear", "enc2/q", ["enc2/float", "s", "z"], ["enc2"]),
]  # fmt: skip
FLOATS = {
    "factor": np.float32([4]),
    "flow.joined:0/scale": np.float32([0.5]),
    f"{LAYER}.weight/scale": np.float32([0.25, 2]),
    f"{LAYER}.bias/scale": np.float32([0.5, 1]),
}
INTEGERS = {
    "flow.joined:0/zero": np.uint8([51]),
    f"{LAYER}.weight/q": np.arange(2 * 130, dtype=np.int16).reshape(2, 130, 1, 1).astype(np.int8),
    f"{LAYER}.weight/zero": np.int8([0, 0]),
    f"{LAYER}.bias/q": np.int32([6, -3]),
    f"{LAYER}.bias/zero": np.int32([0, 0]),
}


def test_nodes_are_those_of_float32() -> None:
    assert plain_nodes(NODES) == [
        node("Concat", "flow.joined", ["x", "first"], ["flow.joined:0"]),
        node("Conv", LAYER, ["flow.joined:0", f"{LAYER}.weight", f"{LAYER}.bias"], [f"{LAYER}:0"]),
        node("LeakyRelu", f"{LAYER}.relu", [f"{LAYER}:0"], ["enc2"]),
    ]
    plain = [node("Relu", "relu", ["x", "w"], ["y"])]
    stored = [
        node("Cast", "w", ["w/stored"], ["w"]),
        node("Relu", "relu", ["x", "w"], ["y"]),
    ]
    assert plain_nodes(stored) == plain
    assert plain_nodes(plain) == plain


def test_weights_are_floats_and_factors_of_joined_inputs_go_into_them() -> None:
    values = plain_weights(NODES, FLOATS, INTEGERS)
    # The second member, `first`, has 128 channels, and was multiplied by 4.
    factors = np.repeat([1, 4], [2, 128])
    integers = INTEGERS[f"{LAYER}.weight/q"][:, :, 0, 0].astype(np.float32)
    np.testing.assert_array_equal(
        values[f"{LAYER}.weight"][:, :, 0, 0], integers * [[0.25], [2]] * factors
    )
    np.testing.assert_array_equal(values[f"{LAYER}.bias"], [3, -3])
    np.testing.assert_array_equal(values[f"{LAYER}.steps"], 0.5 / factors)
    assert values[f"{LAYER}.zero"] == 51
    assert values.keys() == {
        "factor", *(f"{LAYER}.{each}" for each in ("weight", "bias", "steps", "zero")),
    }  # fmt: skip
    assert all(value.dtype == np.float32 for value in values.values())


def test_constants_stored_in_half_the_bytes_have_the_same_names() -> None:
    def stored(name):
        return name.replace(f"{LAYER}.weight/", f"{LAYER}.weight.cast:0/")

    nodes = [
        replace(n, inputs=tuple(map(stored, n.inputs)), outputs=tuple(map(stored, n.outputs)))
        for n in NODES
    ]
    floats = {stored(name): value for name, value in FLOATS.items()}
    floats = {plain_name(name): value for name, value in floats.items()}
    integers = {stored(name): value for name, value in INTEGERS.items()}
    values = plain_weights(nodes, floats, integers)
    assert values.keys() == plain_weights(NODES, FLOATS, INTEGERS).keys()
    assert f"{LAYER}.steps" in values


def test_a_layer_that_the_core_has_in_floats_gets_no_steps() -> None:
    others = [replace(n, name="flow.conv_redir" if n.name == LAYER else n.name) for n in NODES]
    values = plain_weights(others, FLOATS, INTEGERS)
    assert not any(name.endswith((".steps", ".zero")) for name in values)
    assert values[f"{LAYER}.weight"][0, 129, 0, 0] == np.int8(-127) * 0.25 * 4


@pytest.mark.parametrize("scales", [[0.25, 2], [0.5]])
def test_a_matrix_that_the_core_keeps_in_bytes_has_steps_for_its_outputs(scales) -> None:
    fc = "landmark.fc1"
    nodes = [
        *quantized("flat"),
        weight(f"{fc}.weight"),
        node("Gemm", fc, ["flat/dq", f"{fc}.weight/dq"], ["y"]),
    ]
    scale = np.float32(scales)
    integers = np.int8([[1, -2, 3], [4, 127, -127]])
    values = plain_weights(
        nodes,
        {"flat/scale": np.float32([1]), f"{fc}.weight/scale": scale},
        {
            "flat/zero": np.uint8([0]),
            f"{fc}.weight/q": integers,
            f"{fc}.weight/zero": np.int8([0]),
        },
    )
    assert values.keys() == {f"{fc}.weight", f"{fc}.weight_steps"}
    np.testing.assert_array_equal(values[f"{fc}.weight_steps"], np.broadcast_to(scale, 2))
    steps = values[f"{fc}.weight_steps"][:, np.newaxis]
    np.testing.assert_array_equal(values[f"{fc}.weight"] / steps, integers)


@pytest.mark.parametrize(
    ("table", "name", "value", "expected"),
    [
        ("floats", "flow.joined:0/scale", None, "flow.joined:0/scale.*among its constants"),
        ("floats", "flow.joined:0/scale", np.float32([1, 2]), "one scale and one zero of uint8"),
        ("floats", "factor", np.float32([1, 2]), "one factor, got"),
        ("floats", f"{LAYER}.weight/scale", np.float32([1, 2, 3]), "a scale for each of"),
        ("floats", f"{LAYER}.weight/scale", np.float32([1, 0]), "scales above 0, got 0"),
        ("floats", f"{LAYER}.weight/scale", np.float32([np.nan, 1]), "scales above 0, got nan"),
        ("integers", f"{LAYER}.weight/zero", np.int8([0, 5]), "integers about 0"),
        ("integers", f"{LAYER}.weight/q", np.zeros((2, 130, 1, 1), np.uint8), "integers about 0"),
        ("integers", f"{LAYER}.weight/q", np.zeros((), np.int8), "a scale for each of"),
        ("integers", "flow.joined:0/zero", np.int8([0]), "one scale and one zero of uint8"),
        ("integers", f"{LAYER}.weight/q", np.zeros((2, 90, 1, 1), np.int8), "members of 90"),
    ],
)
def test_what_is_damaged_is_told_by_name(table, name, value, expected) -> None:
    tables = {"floats": dict(FLOATS), "integers": dict(INTEGERS)}
    if value is None:
        del tables[table][name]
    else:
        tables[table][name] = value
    with pytest.raises(BundleError, match=expected):
        plain_weights(NODES, **tables)


@pytest.mark.parametrize("cut", range(len(NODES)))
def test_a_node_without_its_inputs_is_told_or_left_alone(cut) -> None:
    for left in range(len(NODES[cut].inputs)):
        nodes = list(NODES)
        nodes[cut] = replace(NODES[cut], inputs=NODES[cut].inputs[:left])
        plain_nodes(nodes)
        with suppress(BundleError):
            plain_weights(nodes, FLOATS, INTEGERS)


def test_members_are_as_wide_as_what_makes_them() -> None:
    """A skip whose width nothing tells, a deconvolution in four phases, and another frame's map."""
    nodes = [
        node("Mul", "j/member0", ["skip", "two"], ["j/member0"]),
        weight("up.weight"),
        node("Conv", "up", ["y", "up.weight/dq"], ["up:0"]),
        node("DepthToSpace", "rise", ["up:0"], ["rise:0"]),
        node("Slice", "inner", ["rise:0", "start"], ["inner:0"]),
        node("Mul", "j/member1", ["inner:0", "three"], ["j/member1"]),
        node("Mul", "j/member2", ["second_next", "five"], ["j/member2"]),
        *(quantized(f"j/member{k}")[0] for k in range(3)),
        node("Concat", "j", [f"j/member{k}/q" for k in range(3)], ["j:0/q"]),
        node("DequantizeLinear", "j:0/dq", ["j:0/q", "j:0/scale", "j:0/zero"], ["j:0/dq"]),
        weight("flow.conv3_1.weight"),
        node("Conv", "flow.conv3_1", ["j:0/dq", "flow.conv3_1.weight/dq"], ["c:0"]),
    ]
    floats = {name: np.float32([value]) for name, value in
              {"two": 2, "three": 3, "five": 5, "j:0/scale": 1, "up.weight/scale": 1,
               "flow.conv3_1.weight/scale": 1}.items()}  # fmt: skip
    ones = {"flow.conv3_1.weight": (1, 150, 1, 1), "up.weight": (8, 4, 2, 2)}
    integers = {f"{name}/q": np.ones(shape, np.int8) for name, shape in ones.items()}
    integers |= {f"{name}/zero": np.int8([0]) for name in ones} | {"j:0/zero": np.uint8([9])}
    values = plain_weights(nodes, floats, integers)
    wanted = np.repeat([2, 3, 5], [20, 2, 128])
    np.testing.assert_array_equal(values["flow.conv3_1.weight"].ravel(), wanted)
    np.testing.assert_allclose(values["flow.conv3_1.steps"], 1 / wanted, rtol=1e-6)
