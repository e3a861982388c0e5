import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mol_edge import onnx_file
from mol_edge.errors import BundleError
from tests import toy_bundle


def external(name, dims, **entries):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def model_with(initializers=(), nodes=()):
    return helper.make_model(helper.make_graph(list(nodes), "g", [], [], list(initializers)))


def nested(tensor, depth):
    """A model whose only tensor lies in a constant, `depth` subgraphs down."""
    node = helper.make_node("Constant", [], ["x"], value=tensor)
    for _ in range(depth):
        node = helper.make_node(
            "If", ["c"], ["x"], then_branch=helper.make_graph([node], "s", [], [])
        )
    return model_with(nodes=[node])


def test_inlined_tensors_hold_the_weights_bytes():
    weights = bytearray()
    model = toy_bundle.make_model("features", weights)
    assert sum(t.data_location == TensorProto.EXTERNAL for t in model.graph.initializer) == 5
    whole = onnx.load_from_string(
        onnx_file.inline(model.SerializeToString(), bytes(weights), "weights.bin")
    )
    onnx.checker.check_model(whole, full_check=True)
    constants = toy_bundle.constants()
    assert len(whole.graph.initializer) == 6
    for tensor in whole.graph.initializer:
        assert tensor.data_location == TensorProto.DEFAULT
        assert not tensor.external_data
        np.testing.assert_array_equal(numpy_helper.to_array(tensor), constants[tensor.name])
    assert [node.SerializeToString() for node in whole.graph.node] == [
        node.SerializeToString() for node in model.graph.node
    ]


def test_a_model_without_external_tensors_is_unchanged():
    content = toy_bundle.make_model("head", None).SerializeToString()
    assert onnx_file.inline(content, None) == content


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_external_tensors_of_attributes_are_refused(depth):
    tensor = external("t", [2], location="weights.bin", offset=0, length=8)
    content = nested(tensor, depth).SerializeToString()
    with pytest.raises(BundleError, match="of an attribute or a sparse one in another file"):
        onnx_file.check_external(content, "weights.bin")
    with pytest.raises(BundleError, match=r"\(weights.bin\), which only initializers"):
        onnx_file.inline(content, bytes(100))


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_tensors_inside_attributes_are_left_alone(depth):
    content = nested(numpy_helper.from_array(np.ones(3, np.float32)), depth).SerializeToString()
    onnx_file.check_external(content, None)
    assert onnx_file.inline(content, None) == content


def test_external_sparse_tensors_are_refused():
    sparse = onnx.SparseTensorProto(dims=[4])
    sparse.values.CopyFrom(external("v", [1], location="/etc/passwd", offset=0, length=4))
    model = model_with()
    model.graph.sparse_initializer.append(sparse)
    with pytest.raises(BundleError, match=r"sparse one in another file \(/etc/passwd\)"):
        onnx_file.check_external(model.SerializeToString(), "weights.bin")


@pytest.mark.parametrize(
    "location", ["/etc/passwd", "../weights.bin", "other.bin", "", "WEIGHTS.BIN"]
)
def test_another_location_is_refused(location):
    tensor = external("t", [1], location=location, offset=0, length=4)
    content = model_with([tensor]).SerializeToString()
    with pytest.raises(BundleError, match="where the manifest allows 'weights.bin'"):
        onnx_file.inline(content, bytes(100), "weights.bin")
    with pytest.raises(BundleError, match="where the manifest allows 'weights.bin'"):
        onnx_file.check_external(content, "weights.bin")


@pytest.mark.parametrize(("offset", "length"), [(0, 101), (97, 4), (1 << 62, 4)])
def test_a_place_outside_the_weights_is_refused(offset, length):
    tensor = external("t", [1], location="weights.bin", offset=offset, length=length)
    with pytest.raises(BundleError, match=f"takes {length} bytes at {offset}"):
        onnx_file.inline(model_with([tensor]).SerializeToString(), bytes(100))


@pytest.mark.parametrize(
    "entries",
    [
        {"location": "weights.bin", "offset": -4, "length": 4},
        {"location": "weights.bin", "offset": 0},
        {"location": "weights.bin", "offset": "x", "length": 4},
        {"offset": 0, "length": 4},
        {},
    ],
)
def test_an_external_tensor_states_its_place(entries):
    content = model_with([external("t", [1], **entries)]).SerializeToString()
    with pytest.raises(BundleError, match="must state location, offset and length"):
        onnx_file.inline(content, bytes(100))


def test_functions_are_refused():
    model = model_with()
    model.functions.add(name="f", domain="d")
    with pytest.raises(BundleError, match="holds functions, which a bundle must not"):
        onnx_file.check_external(model.SerializeToString(), None)


def test_a_cut_file_is_refused():
    content = toy_bundle.make_model("features", None).SerializeToString()
    lengths = range(1, len(content), 97)
    messages = [refusal(content[:length]) for length in lengths]
    assert {message for message in messages if message} == {messages[0]}
    assert "whole protobuf message" in messages[0]
    # A cut between two fields of the model leaves a whole message.
    assert len([message for message in messages if message]) >= len(lengths) - 2 > 10


def refusal(content):
    try:
        onnx_file.check_external(content, None)
    except BundleError as error:
        return str(error)
    return ""


def test_noise_is_refused_or_copied_but_never_raises_otherwise():
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        noise = random.bytes(int(random.integers(1, 64)))
        try:
            assert onnx_file.inline(noise, None) == noise
        except BundleError:
            refused += 1
    assert refused > 200


def test_endless_nesting_is_refused():
    node = helper.make_node("Identity", ["a"], ["b"])
    for _ in range(25):
        node = helper.make_node(
            "If", ["c"], ["x"], then_branch=helper.make_graph([node], "s", [], [])
        )
    with pytest.raises(BundleError, match="nests deeper than 64"):
        onnx_file.check_external(model_with(nodes=[node]).SerializeToString(), None)


def test_tensors_share_bytes_but_not_without_end():
    def sharing(count):
        shared = [
            external(f"t{at}", [300], location="weights.bin", offset=0, length=1200)
            for at in range(count)
        ]
        return model_with(shared).SerializeToString()

    assert len(onnx_file.inline(sharing(4), bytes(1200))) > 4800
    with pytest.raises(BundleError, match="take more than 4 times its 1200"):
        onnx_file.inline(sharing(5), bytes(1200))


def test_a_file_of_countless_fields_is_refused_at_once():
    field = bytes([1 << 3, 0])
    with pytest.raises(BundleError, match="at most 100000 fields and has more"):
        onnx_file.check_external(field * 3_000_000, None)
