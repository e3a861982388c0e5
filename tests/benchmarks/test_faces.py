from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import faces
from benchmarks.photos import Face, read_photos
from mol_edge.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
YUNET = ROOT.parent / "shared" / "data" / "face_detection_yunet_2023mar.onnx"


def annotated() -> Face:
    """68 landmarks around the portrait's five points; the rest lie on a circle."""
    turn = np.linspace(0, 2 * np.pi, 68, endpoint=False)
    marks = np.stack([325 + 100 * np.cos(turn), 250 + 100 * np.sin(turn)], axis=1)
    marks[36:42], marks[42:48] = (272, 213), (379, 217)
    marks[30], marks[48], marks[54] = (323, 278), (275, 308), (373, 309)
    return Face((213, 130, 225, 225), marks)


def test_true_points_are_read_from_the_68() -> None:
    wanted = [[272, 213], [379, 217], [323, 278], [275, 308], [373, 309]]
    np.testing.assert_allclose(annotated().points, wanted)


def test_errors_are_pixels_of_the_aligned_face() -> None:
    face = annotated()
    np.testing.assert_allclose(faces.errors(face, face.points), 0.0, atol=1e-9)
    # A shift of the five points shifts the aligned face by scale times as much.
    longer = np.ptp(face.points @ rotation(face), axis=0).max()
    scale = 143 / (2.5 * longer)
    np.testing.assert_allclose(faces.errors(face, face.points + [3, 4]), 5 * scale, rtol=1e-6)


def rotation(face: Face) -> np.ndarray:
    x, y = face.points[1] - face.points[0]
    angle = np.arctan2(y, x)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def test_overlap() -> None:
    assert faces.overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1.0
    assert faces.overlap((0, 0, 10, 10), (5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert faces.overlap((0, 0, 10, 10), (20, 0, 10, 10)) == 0.0


def test_table_and_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not YUNET.is_file():
        pytest.skip("the YuNet file of shared/data is not here")
    picture = cv2.VideoCapture(str(ROOT / "examples" / "data" / "demo.mp4")).read()[1]
    cv2.imwrite(str(tmp_path / "portrait.png"), picture)
    face = annotated()
    entry = {"box": face.box, "landmarks": face.landmarks.tolist()}
    (tmp_path / "landmarks.json").write_text(json.dumps({"portrait.png": [entry]}))
    sheet = tmp_path / "sheet.png"
    assert faces.main([str(tmp_path), "--out", str(sheet), "--yunet", str(YUNET)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1 photographs, 1 faces")
    assert [line[:16].strip() for line in lines[2:]] == ["yunet", "yunet, refined", "haar"]
    for line in lines[2:]:
        found, extra, median = line[16:].split()[:3]
        assert (found, extra) == ("1", "0")
        assert 0.0 < float(median) < 6.0
    # Four cells of 216 pixels for each of two faces side by side, with labels of 18.
    drawn = cv2.imread(str(sheet))
    assert drawn.shape == (216 + 18, 8 * 216, 3)
    assert drawn[:216, : 4 * 216].std() > 30


def test_a_folder_without_annotations(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must hold a readable landmarks.json"):
        read_photos(tmp_path)


@pytest.mark.parametrize(
    "content", ["[]", '{"portrait.png": 3}', '{"portrait.png": [{"box": [1, 2, 3, 4]}]}']
)
def test_annotations_of_another_kind(tmp_path: Path, content: str) -> None:
    (tmp_path / "landmarks.json").write_text(content)
    with pytest.raises(InputError, match="must name for each picture a list of faces"):
        read_photos(tmp_path)
