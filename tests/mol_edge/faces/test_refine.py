from __future__ import annotations

import cv2
import numpy as np
import pytest

from mol_edge.faces.refine import FRACTION, VIEW, averaged_points, view_transform

POINTS = np.array([[52.0, 41.0], [88.0, 49.0], [66.0, 66.0], [50.0, 78.0], [76.0, 84.0]])


def upright(points: np.ndarray) -> np.ndarray:
    transform = view_transform(points)
    return points @ transform[:, :2].T + transform[:, 2]


@pytest.mark.parametrize("scale", [0.3, 1.0, 9.0])
def test_the_view_is_upright_centred_and_of_one_size(scale: float) -> None:
    seen = upright(scale * POINTS)
    assert seen[0, 1] == pytest.approx(seen[1, 1], abs=1e-6)
    low, high = seen.min(axis=0), seen.max(axis=0)
    assert (high - low).max() == pytest.approx(FRACTION * VIEW, abs=1e-6)
    np.testing.assert_allclose((low + high) / 2, (VIEW - 1) / 2, atol=1e-6)


@pytest.mark.parametrize("scale", [1.0, 12.0])
def test_finds_dots_again_from_a_wrong_guess(scale: float) -> None:
    """Five dots stand for a face; the view enlarges them at scale 1 and shrinks them at 12."""
    truth = scale * (POINTS + 40)
    image = np.zeros((round(220 * scale), round(220 * scale), 3), np.uint8)
    for index, (x, y) in enumerate(truth):
        brightness = 51 * (index + 1)
        cv2.circle(image, (round(x), round(y)), round(3 * scale), (brightness,) * 3, -1)
    guess = truth + scale * np.array([2.0, -1.5])
    found = averaged_points(image, guess, dots, cv2)
    assert np.abs(found - np.round(truth)).max() < 0.1 * scale


def dots(view: np.ndarray) -> np.ndarray:
    """Centres of the dots in the order of a detector: the left eye is the one further left."""
    gray = view[..., 0]
    count, labels = cv2.connectedComponents((gray > 20).astype(np.uint8))
    centres = {}
    for label in range(1, count):
        y, x = np.nonzero(labels == label)
        centres[round(int(gray[y, x].max()) / 51)] = (x.mean(), y.mean())
    assert sorted(centres) == [1, 2, 3, 4, 5]
    order = (1, 2, 3, 4, 5) if centres[1][0] < centres[2][0] else (2, 1, 3, 5, 4)
    return np.array([[centres[index] for index in order]])


def test_points_stay_where_the_face_is_lost() -> None:
    image = np.zeros((130, 140, 3), np.uint8)
    nothing = averaged_points(image, POINTS, lambda view: np.empty((0, 5, 2)), cv2)
    np.testing.assert_array_equal(nothing, POINTS)


def test_another_face_in_the_view_is_not_taken() -> None:
    image = np.zeros((130, 140, 3), np.uint8)
    stranger = upright(POINTS)[None] + VIEW / 2
    np.testing.assert_array_equal(
        averaged_points(image, POINTS, lambda view: stranger, cv2), POINTS
    )
