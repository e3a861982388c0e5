import json
from pathlib import Path

import numpy as np
import pytest

from mol_edge import _core
from mol_edge.face_shape import MEAN_SHAPE, five_points, shape_in_crop, shape_of
from mol_edge.similarity import apply

FACES = Path(__file__).parents[3] / "shared" / "data" / "faces" / "landmarks.json"
# iBUG: each point's mirror image.
PAIRS = [(0, 16), (8, 8), (17, 26), (21, 22), (31, 35), (36, 45), (39, 42), (41, 46), (48, 54)]
PAIRS += [(50, 52), (59, 55), (60, 64), (67, 65)]


def test_the_mean_face_is_symmetric_and_upright():
    assert MEAN_SHAPE.shape == (68, 2)
    for left, right in PAIRS:
        np.testing.assert_allclose(MEAN_SHAPE[left], MEAN_SHAPE[right] * [-1, 1])
    parts = ([19, 24], [37, 44], [51], [8])
    brows, eyes, mouth, chin = (MEAN_SHAPE[part, 1].mean() for part in parts)
    assert brows < eyes < mouth < chin


def test_it_is_placed_by_five_points():
    similarity = np.array([[1.2, -0.4, 30.0], [0.4, 1.2, 80.0]])
    placed = shape_of(apply(similarity, five_points(MEAN_SHAPE)))
    np.testing.assert_allclose(placed, apply(similarity, MEAN_SHAPE), atol=1e-9)


def test_in_a_crop_it_is_placed_by_points_of_the_image_to_the_last_bit():
    random = np.random.default_rng(0)
    for _ in range(50):
        points = 400 + 3 * five_points(MEAN_SHAPE) + random.normal(0, 9, (5, 2))
        transform = _core.alignment_transform(points)
        expected = shape_of(apply(transform, points) - _core.CROP_OFFSET).astype(np.float32)
        np.testing.assert_array_equal(shape_in_crop(transform, points), expected)


def test_it_lies_on_true_faces_within_an_eighth_of_the_pupils_distance():
    if not FACES.is_file():
        pytest.skip(f"needs {FACES.name} of the shared data")
    faces = [face for found in json.loads(FACES.read_text()).values() for face in found]
    errors = []
    for each in faces:
        truth = np.array(each["landmarks"], np.float64)
        five = five_points(truth)
        apart = np.linalg.norm(shape_of(five) - truth, axis=1) / np.linalg.norm(five[0] - five[1])
        errors.append([apart[17:].mean(), apart[:17].mean()])
    assert len(errors) == 18
    inner, jaw = np.mean(errors, axis=0)
    assert inner < 0.09
    assert jaw < 0.19
