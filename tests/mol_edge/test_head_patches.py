"""What the core's `HeadPatches` refuses; what it finds is tested in C++."""

import numpy as np
import pytest

from mol_edge import _core
from mol_edge.errors import ArrayError
from mol_edge.similarity import apply

CROP = np.random.default_rng(0).normal(100, 30, (128, 128)).astype(np.float32)
POINTS = np.array([[40, 40], [80, 40], [60, 80]], np.float32)


@pytest.mark.parametrize(
    ("crop", "points", "message"),
    [
        (CROP.astype(np.float64), POINTS, "crop must be .*float32"),
        (CROP[:64], POINTS, r"crop must be .*\(128, 128\)"),
        (CROP[:, ::-1], POINTS, "crop must be .*contiguous"),
        (CROP, POINTS.astype(np.float64), "points must be .*float32"),
        (CROP, POINTS.T, r"points must be .*\(N, 2\)"),
        (CROP, POINTS * np.float32(np.nan), "points .*finite"),
    ],
)
def test_other_arrays_are_refused_with_their_names(crop, points, message):
    with pytest.raises(ArrayError, match=message):
        _core.HeadPatches(crop, points)


@pytest.mark.parametrize(
    ("crop", "guess", "message"),
    [
        (CROP[None], np.eye(2, 3), r"crop must be .*\(128, 128\)"),
        (CROP, np.eye(3), r"\(2, 3\)"),
        (CROP, np.full((2, 3), np.inf), "finite"),
    ],
)
def test_what_is_looked_for_is_checked_too(crop, guess, message):
    patches = _core.HeadPatches(CROP, POINTS)
    with pytest.raises(ArrayError, match=message):
        patches.find(crop, guess)


def test_a_head_is_looked_for_in_the_view_of_a_picture():
    scene_at = np.random.default_rng(1).integers(0, 255, (160, 200, 3)).astype(np.uint8)
    transform = _core.alignment_transform(
        np.float64([[70, 50], [110, 52], [90, 75], [74, 95], [106, 96]])
    )
    view = np.zeros((128, 128), np.float32)
    first = _core.crop_float(scene_at, transform, 0.0, 1.0)
    patches = _core.HeadPatches(first, POINTS)
    guess = np.array([[1, 0, 0.4], [0, 1, -0.2]])
    found, agreeing = patches.look(scene_at, transform, guess, "bgr", False, view)
    expected, count = patches.find(first, guess)
    np.testing.assert_array_equal(view, first)
    np.testing.assert_array_equal(found, expected)
    assert agreeing == count == 3


@pytest.mark.parametrize("view", [np.zeros((128, 128)), np.zeros((64, 128), np.float32)])
def test_a_view_of_another_kind_is_refused(view):
    patches = _core.HeadPatches(CROP, POINTS)
    with pytest.raises(ArrayError, match="view must be"):
        patches.look(np.zeros((9, 9, 3), np.uint8), np.eye(2, 3), np.eye(2, 3), "bgr", False, view)


def test_points_are_carried_to_the_image():
    motion = np.array([[1.1, -0.2, 3.0], [0.2, 1.1, -5.0]])
    to_image = np.array([[2.0, 0.5, 100.0], [-0.5, 2.0, 50.0]])
    points = np.random.default_rng(2).uniform(0, 128, (5, 2))
    carried, growth, way = _core.carried_points(motion, to_image, points)
    np.testing.assert_array_equal(carried, apply(to_image, apply(motion, points)))
    assert growth == pytest.approx(np.hypot(1.1, 0.2), rel=1e-12)
    middle = np.array([[63.5, 63.5]])
    assert way == pytest.approx(np.linalg.norm(apply(motion, middle) - middle), rel=1e-12)
