from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mol_edge.errors import ArrayError, InputError
from mol_edge.faces import FaceDetector
from mol_edge.faces.given import COLUMNS, GivenPoints
from mol_edge.frame import Frame
from tests.mol_edge.core_cases import face_points

POINTS = face_points(100, 80, 60)


def frame(index: int) -> Frame:
    return Frame(np.zeros((120, 160, 3), np.uint8), index * 10**6, index)


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join((",".join(COLUMNS), *lines)) + "\n", encoding="utf-8")
    return path


def line(index: int, points: np.ndarray = POINTS) -> str:
    return ",".join([str(index), *(repr(float(value)) for value in points.ravel())])


def test_a_frame_has_the_points_that_were_given_for_it(tmp_path: Path) -> None:
    moved = POINTS + [3.25, -1.5]
    detector = GivenPoints.read(write(tmp_path / "points.csv", line(4), "", line(9, moved)))
    assert isinstance(detector, FaceDetector)
    assert detector.name == "given"
    assert detector.detect(frame(5)) == []
    for index, points in ((4, POINTS), (9, moved)):
        (face,) = detector.detect(frame(index))
        np.testing.assert_array_equal(face.points, points)
        left, top, width, height = face.box
        assert face.score == 1.0
        assert left < points[:, 0].min() < points[:, 0].max() < left + width
        assert top < points[:, 1].min() < points[:, 1].max() < top + height


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "an empty file"),
        ("a,b\n1,2\n", "must begin with the line frame,left_eye_x.*got 'a,b'"),
        (f"{','.join(COLUMNS)}\n1,2,3\n", r"Line 2 .* 10 finite numbers, got '1,2,3'"),
        (f"{','.join(COLUMNS)}\n-1{',5' * 10}\n", "Line 2"),
        (f"{','.join(COLUMNS)}\n1{',5' * 9},nan\n", "Line 2"),
        (f"{','.join(COLUMNS)}\n\n", "a line for each frame with a face, got none"),
        (f"{','.join(COLUMNS)}\n3{',5' * 10}\n", r"Line 2 .*, frame 3, .* both at \[5.0, 5.0\]"),
        (f"{','.join(COLUMNS)}\n{line(3)}\n{line(3)}\n", "line 3 holds frame 3 again"),
        (
            f"{','.join(COLUMNS)}\n{line(3)}\n{line(4, POINTS[[1, 0, 2, 4, 3]])}\n",
            "Line 3 .*, frame 4, must hold the eye at the picture's left first",
        ),
    ],
)
def test_a_file_that_is_no_table_of_points_is_refused(
    tmp_path: Path, text: str, expected: str
) -> None:
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=expected):
        GivenPoints.read(path)


def test_a_missing_or_binary_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        GivenPoints.read(tmp_path / "none.csv")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a CSV file"):
        GivenPoints.read(tmp_path / "binary")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told_to_be_so(tmp_path: Path) -> None:
    path = write(tmp_path / "points.csv", line(4))
    path.chmod(0)
    with pytest.raises(InputError, match=r"\(Permission denied\): check its permissions\.$"):
        GivenPoints.read(path)


def test_points_of_another_shape_are_refused() -> None:
    with pytest.raises(ArrayError, match=r"shape \(5, 2\), got \(2, 5\)"):
        GivenPoints({0: POINTS.T})
    with pytest.raises(ArrayError, match="float64"):
        GivenPoints({0: POINTS.astype(np.float32)})
    with pytest.raises(ArrayError, match="frame 2 must hold two eyes that are apart"):
        GivenPoints({2: np.full((5, 2), 3.0)})
    with pytest.raises(ArrayError, match="frame 2 must hold the eye at the picture's left first"):
        GivenPoints({2: POINTS[[1, 0, 2, 3, 4]]})


def test_points_far_outside_the_picture_are_refused_with_its_size() -> None:
    detector = GivenPoints({0: POINTS - [POINTS[:, 0].mean(), 0], 1: POINTS + [0, 500]})
    assert len(detector.detect(frame(0))) == 1
    with pytest.raises(ArrayError) as caught:
        detector.detect(frame(1))
    assert str(caught.value) == (
        "The points given for frame 1 must lie in its picture of 160 x 120 pixels, got them around "
        f"({POINTS[:, 0].mean():.0f}, {POINTS[:, 1].mean() + 500:.0f}): give them in pixels of "
        "that picture."
    )


def test_faces_turned_up_to_a_right_angle_are_taken() -> None:
    for angle in (-1.5, 1.5):
        GivenPoints({0: face_points(100, 80, 60, angle)})


def test_a_table_that_a_spreadsheet_wrote_is_read(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    row = "3,40,40,80,40,60,60,45,80,75,80"
    path.write_bytes(b"\xef\xbb\xbf" + f"{','.join(COLUMNS)}\r\n{row}\r\n".encode())
    (found,) = GivenPoints.read(path).detect(Frame(np.zeros((90, 90, 3), np.uint8), 0, 3))
    assert found.points.tolist() == [[40, 40], [80, 40], [60, 60], [45, 80], [75, 80]]
