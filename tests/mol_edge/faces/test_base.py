from __future__ import annotations

import numpy as np
import pytest

from mol_edge.errors import ArrayError
from mol_edge.faces import Detection, FaceDetector, largest_first

POINTS = np.array([[40, 40], [80, 40], [60, 60], [45, 80], [75, 80.0]])


def face(width: float, height: float) -> Detection:
    return Detection((0.0, 0.0, width, height), POINTS, 0.9)


def test_area_is_that_of_the_box() -> None:
    assert face(60, 80).area == 4800.0


def test_largest_first_orders_by_area() -> None:
    faces = [face(10, 10), face(5, 30), face(12, 10)]
    assert [one.area for one in largest_first(faces)] == [150.0, 120.0, 100.0]


@pytest.mark.parametrize(
    ("box", "points", "score", "says"),
    [
        ((0, 0, 0, 5), POINTS, 0.9, "Detection.box must be left, top, width, height"),
        ((0, 0, 5, -1), POINTS, 0.9, "Detection.box"),
        ((0, 0, float("nan"), 5), POINTS, 0.9, "Detection.box"),
        ((0, 0, 5), POINTS, 0.9, "Detection.box"),
        ((0, 0, 5, 5), POINTS.astype(np.float32), 0.9, "float64, got float32"),
        ((0, 0, 5, 5), POINTS.tolist(), 0.9, "float64, got list"),
        ((0, 0, 5, 5), POINTS[:4], 0.9, r"shape \(5, 2\)"),
        ((0, 0, 5, 5), POINTS * np.nan, 0.9, "5 finite points"),
        ((0, 0, 5, 5), POINTS, 1.1, "Detection.score must lie between 0 and 1, got 1.1"),
    ],
)
def test_refuses_what_is_no_face(box: tuple, points: object, score: float, says: str) -> None:
    with pytest.raises(ArrayError, match=says):
        Detection(box, points, score)


def test_a_users_own_detector_fits_the_protocol() -> None:
    class Fixed:
        name = "fixed"

        def detect(self, frame: object) -> list[Detection]:
            return [face(10, 10)]

    assert isinstance(Fixed(), FaceDetector)
    assert not isinstance(object(), FaceDetector)
