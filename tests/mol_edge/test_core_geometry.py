"""Alignment, and the way back to image coordinates, against float64 NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mol_edge import _core
from mol_edge.errors import ArrayError
from tests.mol_edge import reference
from tests.mol_edge.core_cases import face_points

TRANSFORM = np.array([[0.47, 0.05, -210.0], [-0.05, 0.47, -90.0]])


def test_sizes_are_those_of_the_network():
    assert (_core.ALIGNED_SIZE, _core.CROP_SIZE, _core.CROP_OFFSET) == (144, 128, 8)


@given(
    x=st.floats(-500, 4000),
    y=st.floats(-500, 4000),
    width=st.floats(10, 2000),
    angle=st.floats(-4, 4),
    seed=st.integers(0, 1000),
)
def test_alignment_follows_the_formula(x, y, width, angle, seed):
    jitter = np.random.default_rng(seed).uniform(-0.05, 0.05, (5, 2)) * width
    points = face_points(x, y, width, angle) + jitter
    transform = _core.alignment_transform(points)
    expected = reference.alignment_transform(points)
    assert np.abs(transform[:, :2] - expected[:, :2]).max() < 1e-6
    # The shift is large where the face is small and far out: relative there.
    np.testing.assert_allclose(transform[:, 2], expected[:, 2], rtol=1e-9, atol=1e-6)


def test_aligned_eyes_are_level_and_the_box_is_central():
    points = face_points(400, 300, 200, 0.6)
    transform = _core.alignment_transform(points)
    aligned = points @ transform[:, :2].T + transform[:, 2]
    assert aligned[0, 1] == pytest.approx(aligned[1, 1])
    assert aligned[0, 0] < aligned[1, 0]
    low, high = aligned.min(axis=0), aligned.max(axis=0)
    np.testing.assert_allclose((low + high) / 2, 71.5)
    assert (high - low).max() == pytest.approx(143 / 2.5)


def test_inverse_undoes_a_transform():
    inverse = _core.invert_transform(TRANSFORM)
    assert np.abs(inverse - reference.invert_transform(TRANSFORM)).max() < 1e-9
    np.testing.assert_allclose(_core.invert_transform(inverse), TRANSFORM)


def test_points_go_to_the_image():
    points = np.random.default_rng(0).uniform(0, 128, (68, 2)).astype(np.float32)
    expected = reference.points_to_image(points.astype(np.float64), TRANSFORM)
    image = _core.points_to_image(points, TRANSFORM)
    assert image.dtype == np.float32
    assert np.abs(image - expected).max() < 1e-4
    assert _core.points_to_image(points[:0], TRANSFORM).shape == (0, 2)


def test_vectors_go_to_the_image_without_the_shift():
    flow = np.random.default_rng(1).normal(0, 3, (2, 128, 128)).astype(np.float32)
    expected = reference.vectors_to_image(flow.astype(np.float64), TRANSFORM)
    image = _core.vectors_to_image(flow, TRANSFORM)
    assert image.shape == flow.shape
    assert np.abs(image - expected).max() < 1e-5


POINTS = face_points(100, 100, 50)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (POINTS.astype(np.float32), r"float64 with shape \(5, 2\), got an array of float32"),
        (POINTS[:4], r"\(5, 2\), got an array of float64 with shape \(4, 2\)"),
        (POINTS[::-1], "C-contiguous"),
        (POINTS.tolist(), "got an object of type list"),
        (np.full((5, 2), np.nan), "finite, got NaN or infinity"),
        (np.full((5, 2), 7.0), "two eyes that are apart"),
    ],
)
def test_unfit_points_are_refused(points, message):
    with pytest.raises(ArrayError, match=message):
        _core.alignment_transform(points)


@pytest.mark.parametrize(
    "call",
    [
        lambda: _core.invert_transform(np.zeros((2, 3))),
        lambda: _core.invert_transform(np.eye(2)),
        lambda: _core.points_to_image(np.zeros((5, 2)), TRANSFORM),
        lambda: _core.points_to_image(np.zeros((5, 3), np.float32), TRANSFORM),
        lambda: _core.points_to_image(np.zeros((5, 4), np.float32)[:, ::2], TRANSFORM),
        lambda: _core.vectors_to_image(np.zeros((3, 4, 4), np.float32), TRANSFORM),
        lambda: _core.vectors_to_image(np.zeros((4, 4, 2), np.float32).T, TRANSFORM),
        lambda: _core.vectors_to_image(np.zeros((2, 4, 4), np.float32), np.zeros((2, 3))),
    ],
)
def test_unfit_arrays_are_refused(call):
    with pytest.raises(ArrayError):
        call()
