"""Pictures of flow, and probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from mol_edge import _core
from mol_edge.errors import ArrayError, OptionError
from tests.mol_edge import reference


def test_flow_colors_follow_the_wheel():
    rng = np.random.default_rng(0)
    flow = rng.normal(0, 2, (2, 60, 80)).astype(np.float32)
    picture = _core.flow_to_color(flow, 4.0)
    assert picture.shape == (60, 80, 3)
    assert picture.dtype == np.uint8
    expected = reference.flow_to_color(flow.astype(np.float64), 4.0)
    difference = np.abs(picture.astype(int) - expected.astype(int))
    # A channel that falls on a whole level may be floored either way.
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.01


def test_flow_is_scaled_to_its_own_largest():
    flow = np.zeros((2, 1, 3), np.float32)
    flow[0, 0] = [3, 1.5, 0]
    assert _core.flow_to_color(flow)[0].tolist() == [[0, 0, 255], [127, 127, 255], [255] * 3]
    assert _core.flow_to_color(np.zeros_like(flow)).min() == 255


def test_flow_that_is_not_finite_is_black():
    flow = np.zeros((2, 1, 3), np.float32)
    flow[:, 0, 0] = np.nan
    flow[1, 0, 1] = np.inf
    flow[0, 0, 2] = 2
    assert _core.flow_to_color(flow)[0].tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 255]]


@pytest.mark.parametrize("largest", [-1.0, np.nan, np.inf])
def test_unfit_magnitude_is_refused(largest):
    with pytest.raises(OptionError, match="max_magnitude must be finite"):
        _core.flow_to_color(np.zeros((2, 1, 1), np.float32), largest)


def test_softmax_follows_the_reference():
    logits = np.random.default_rng(0).normal(0, 30, (50, 5)).astype(np.float32)
    logits[0] = [3e38, -3e38, 0, 3e38, 1]
    probabilities = _core.softmax(logits)
    assert np.abs(probabilities - reference.softmax(logits.astype(np.float64))).max() < 1e-6
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert _core.softmax(logits[:0]).shape == (0, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: _core.softmax(np.zeros(5, np.float32)), r"\(N, classes\), got .*\(5,\)"),
        (lambda: _core.softmax(np.zeros((1, 5))), "float32 .*got an array of float64"),
        (lambda: _core.softmax(np.zeros((1, 0), np.float32)), "at least one class"),
        (lambda: _core.softmax(np.zeros((5, 2), np.float32).T), "C-contiguous"),
        (lambda: _core.flow_to_color(np.zeros((1, 2, 4, 4), np.float32)), "(2, height, width)"),
        (lambda: _core.flow_to_color(np.zeros((2, 4, 4), np.float16)), "float16"),
    ],
)
def test_unfit_arrays_are_refused(call, message):
    with pytest.raises(ArrayError, match=message):
        call()
