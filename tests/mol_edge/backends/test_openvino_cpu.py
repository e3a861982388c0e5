"""Convolutions in forms that CPUs compute faster: the same numbers, and nothing else touched."""

import numpy as np
import pytest

openvino = pytest.importorskip("openvino")
import openvino.opset13 as op  # noqa: E402

from mol_edge.backends.openvino_core import the_core  # noqa: E402
from mol_edge.backends.openvino_cpu import suit_cpu  # noqa: E402

SLOPE = op.constant(np.array([0.1], np.float32))


def weights(*shape):
    scale = 1 / np.sqrt(np.prod(shape[1:]))
    return (np.random.default_rng(5).standard_normal(shape) * scale).astype(np.float32)


def convolution(x, weight, stride=1, pad=1):
    return op.convolution(x, op.constant(weight), [stride] * 2, [pad] * 2, [pad] * 2, [1, 1])


def plain(weight, side, **options):
    x = op.parameter([-1, weight.shape[1], side, side], np.float32)
    bias = op.constant(weights(1, len(weight), 1, 1))
    y = op.prelu(op.add(convolution(x, weight, **options), bias), SLOPE)
    return openvino.Model([y], [x])


def raised(weight, side, start=1, mode="blocks_first", size=None, twice=False):
    x = op.parameter([-1, weight.shape[1], side, side], np.float32)
    y = op.depth_to_space(op.prelu(convolution(x, weight), SLOPE), mode, 2)
    stop = start + (2 * side if size is None else size)
    bounds = (np.array(pair, np.int64) for pair in ([start] * 2, [stop] * 2, [1, 1], [2, 3]))
    cut = op.slice(y, *(op.constant(each) for each in bounds))
    return openvino.Model([cut, op.relu(y)] if twice else [cut], [x])


def run(model, batch):
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    request = the_core().compile_model(model, "CPU", options).create_infer_request()
    shape = (batch, *(size.get_length() for size in list(model.inputs[0].partial_shape)[1:]))
    x = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    return np.array(next(iter(request.infer({0: x}).values())))


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(
    "make",
    [
        lambda: plain(weights(128, 130, 3, 3), 16),
        lambda: plain(weights(160, 128, 3, 3), 32),
        lambda: raised(weights(256, 258, 2, 2), 2),
        lambda: raised(weights(512, 300, 2, 2), 7),
    ],
)
def test_numbers_stay_the_same(make, batch):
    wanted, model = run(make(), batch), make()
    shapes = [each.partial_shape for each in model.outputs]
    assert suit_cpu(model) == 1
    assert [each.partial_shape for each in model.outputs] == shapes
    came = run(model, batch)
    assert np.abs(wanted).max() > 1
    np.testing.assert_allclose(came, wanted, atol=2e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: plain(weights(128, 130, 3, 3), 8),
        lambda: plain(weights(64, 130, 3, 3), 16),
        lambda: plain(weights(128, 130, 3, 3), 16, stride=2),
        lambda: plain(weights(128, 130, 3, 3), 16, pad=0),
        lambda: plain(weights(128, 130, 1, 1), 16, pad=0),
        lambda: plain(weights(128, 130, 3, 3), -1),
        lambda: raised(weights(128, 258, 2, 2), 4),
        lambda: raised(weights(256, 258, 2, 2), 4, start=0),
        lambda: raised(weights(256, 258, 2, 2), 4, size=6),
        lambda: raised(weights(256, 258, 2, 2), 4, mode="depth_first"),
        lambda: raised(weights(256, 258, 2, 2), 4, twice=True),
    ],
)
def test_what_does_not_fit_is_left(make):
    model = make()
    before = [node.get_type_name() for node in model.get_ordered_ops()]
    assert suit_cpu(model) == 0
    assert [node.get_type_name() for node in model.get_ordered_ops()] == before


def test_weights_that_are_computed_are_left():
    x = op.parameter([1, 128, 16, 16], np.float32)
    weight = op.multiply(op.constant(weights(128, 128, 3, 3)), op.parameter([1], np.float32))
    parameters = [x, weight.input_value(1).get_node()]
    y = op.convolution(x, weight, [1, 1], [1, 1], [1, 1], [1, 1])
    assert suit_cpu(openvino.Model([y], parameters)) == 0
