import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mol_edge import onnx_tensors
from mol_edge.errors import BundleError


def model(*tensors):
    nodes = [
        helper.make_node("Relu", ["x"], ["y"], name="first"),
        helper.make_node("Add", ["y", "a"], ["z"], name="second"),
    ]
    graph = helper.make_graph(nodes, "g", [], [], list(tensors))
    return helper.make_model(graph).SerializeToString()


def test_nodes_come_in_order():
    assert onnx_tensors.nodes(model()) == [
        onnx_tensors.Node("Relu", "first", ("x",), ("y",), ()),
        onnx_tensors.Node("Add", "second", ("y", "a"), ("z",), ()),
    ]


def test_attributes_come_as_they_are_stored():
    node = helper.make_node("LeakyRelu", ["x"], ["y"], name="relu", alpha=0.1)
    content = helper.make_model(helper.make_graph([node], "g", [], [])).SerializeToString()
    (found,) = onnx_tensors.nodes(content)
    assert found.attributes == (helper.make_attribute("alpha", 0.1).SerializeToString(),)


def test_floats_come_by_name_as_float32_and_nothing_else_comes():
    random = np.random.default_rng(0)
    single = random.standard_normal((2, 3, 4)).astype(np.float32)
    half = random.standard_normal(5).astype(np.float16)
    scalar = np.array(2.5, np.float32)
    content = model(
        numpy_helper.from_array(single, "single"),
        numpy_helper.from_array(half, "half"),
        numpy_helper.from_array(scalar, "scalar"),
        numpy_helper.from_array(np.arange(3), "whole"),
    )
    found = onnx_tensors.float_tensors(content)
    assert list(found) == ["single", "half", "scalar"]
    for name, array in (("single", single), ("half", half), ("scalar", scalar)):
        assert found[name].dtype == np.float32
        assert found[name].flags.aligned
        np.testing.assert_array_equal(found[name], array)


def test_a_constant_without_all_its_bytes_is_refused():
    tensor = numpy_helper.from_array(np.zeros(4, np.float32), "short")
    tensor.raw_data = tensor.raw_data[:-1]
    with pytest.raises(BundleError, match="'short' .* must have 16 bytes of raw data, got 15"):
        onnx_tensors.float_tensors(model(tensor))
    typed = helper.make_tensor("typed", TensorProto.FLOAT, [1], [1.0])
    assert isinstance(typed, onnx.TensorProto)
    with pytest.raises(BundleError, match="'typed' .* must have 4 bytes of raw data, got 0"):
        onnx_tensors.float_tensors(model(typed))


def test_a_damaged_file_is_refused():
    whole = model(numpy_helper.from_array(np.zeros(4, np.float32), "a"))
    for cut in (3, len(whole) // 2, len(whole) - 1):
        with pytest.raises(BundleError, match="must be a whole protobuf message"):
            onnx_tensors.float_tensors(whole[:cut])
    huge = TensorProto(dims=[1 << 40], data_type=TensorProto.FLOAT, name="huge", raw_data=b"")
    with pytest.raises(BundleError):
        onnx_tensors.float_tensors(model(huge))


def test_a_size_that_wraps_around_is_none():
    wrapping = TensorProto(
        dims=[65536] * 4, data_type=TensorProto.FLOAT, name="wraps\n" * 100, raw_data=b""
    )
    with pytest.raises(BundleError, match="must have 73786976294838206464 bytes") as caught:
        onnx_tensors.float_tensors(model(wrapping))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
