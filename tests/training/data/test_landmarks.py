import sys
import types

import numpy as np
import pytest

from mol_edge.errors import InputError, MissingExtraError
from training.data.landmarks import CsvLandmarks, open_landmarks
from training.data.report import LeftOut

IMAGE = np.zeros((8, 8, 3), np.uint8)
POINTS = np.arange(136.0).reshape(68, 2)


def row(path, points=POINTS):
    return ",".join([path, *map(str, points.ravel())])


def source(tmp_path, *lines):
    file = tmp_path / "points.csv"
    file.write_text("\n".join(lines) + "\n")
    return CsvLandmarks(file, tmp_path / "root")


@pytest.mark.parametrize("path", ["a/f1.jpg", "a\\f1.jpg", "{root}/a/f1.jpg", " a/f1.jpg "])
def test_points_are_found_by_the_frames_path(tmp_path, path):
    header = row("frame").replace("0.0", "x0", 1)
    csv = source(tmp_path, header, row(path.replace("{root}", str(tmp_path / "root"))))
    points = csv.points(tmp_path / "root/a/f1.jpg", IMAGE, "v")
    assert (points == POINTS).all()


def test_frames_without_points_are_named(tmp_path):
    csv = source(tmp_path, row("a.jpg"), "b.jpg" + "," * 136, row("c.jpg", POINTS * np.nan))
    for name, words in (("b", "has gaps"), ("c", "has gaps"), ("d", "no row for d.jpg")):
        with pytest.raises(LeftOut, match=words) as error:
            csv.points(tmp_path / f"root/{name}.jpg", IMAGE, "v")
        assert error.value.finding.reason == "no_landmarks"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["a.jpg,1,2"], "got 3 cells in line 1"),
        ([row("a.jpg"), row("a.jpg")], "a.jpg again in line 2"),
        ([row("a.jpg"), row("b.jpg").replace("7.0", "x")], "something else in line 2"),
    ],
)
def test_a_malformed_csv_is_refused_with_its_line(tmp_path, lines, words):
    with pytest.raises(InputError, match=words):
        source(tmp_path, *lines)


def test_a_missing_csv_is_refused(tmp_path):
    with pytest.raises(InputError, match="check --landmarks csv:FILE"):
        open_landmarks(f"csv:{tmp_path / 'none.csv'}", tmp_path)


def test_the_fingerprint_follows_the_points_of_its_frames_only(tmp_path):
    frames = [tmp_path / "root/a.jpg"]
    one = source(tmp_path, row("a.jpg"), row("b.jpg")).fingerprint(frames)
    other = source(tmp_path, row("a.jpg"), row("b.jpg", POINTS + 1)).fingerprint(frames)
    moved = source(tmp_path, row("a.jpg", POINTS + 1), row("b.jpg")).fingerprint(frames)
    assert one == other != moved


def test_dlib_needs_its_file_and_says_where_to_get_it(tmp_path):
    with pytest.raises(InputError, match="shape_predictor_68_face_landmarks.dat from dlib.net"):
        open_landmarks(f"dlib:{tmp_path / 'none.dat'}", tmp_path)


def test_without_dlib_the_install_command_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "dlib", None)
    (tmp_path / "p.dat").write_bytes(b"x")
    with pytest.raises(MissingExtraError, match=r'pip install "mol-edge\[dlib\]"'):
        open_landmarks(f"dlib:{tmp_path / 'p.dat'}", tmp_path)


class Box:
    def __init__(self, area):
        self._area = area

    def area(self):
        return self._area


@pytest.fixture
def dlib(tmp_path, monkeypatch):
    """A module with dlib's interface: its predictor says which face and colours it was given."""
    stand_in = types.ModuleType("dlib")
    stand_in.boxes = [Box(10), Box(30), Box(20)]

    def predict(image, box):
        assert image.flags.c_contiguous
        point = types.SimpleNamespace(x=box.area(), y=int(image[0, 0, 0]))
        return types.SimpleNamespace(parts=lambda: [point] * stand_in.count)

    stand_in.count = 68
    stand_in.get_frontal_face_detector = lambda: lambda image, upsample: stand_in.boxes
    stand_in.shape_predictor = lambda file: predict
    monkeypatch.setitem(sys.modules, "dlib", stand_in)
    (tmp_path / "p.dat").write_bytes(b"x")
    stand_in.source = lambda: open_landmarks(f"dlib:{tmp_path / 'p.dat'}", tmp_path)
    return stand_in


def test_dlib_gets_rgb_and_the_largest_face(dlib, tmp_path):
    image = IMAGE.copy()
    image[..., 2] = 200
    points = dlib.source().points(tmp_path / "a.jpg", image, "v")
    assert points.shape == (68, 2)
    assert (points == (30, 200)).all()


def test_dlib_without_a_face_names_the_frame(dlib, tmp_path):
    dlib.boxes = []
    with pytest.raises(LeftOut, match="dlib finds no face in a.jpg"):
        dlib.source().points(tmp_path / "a.jpg", IMAGE, "v")


def test_a_predictor_of_five_points_is_refused(dlib, tmp_path):
    dlib.count = 5
    with pytest.raises(InputError, match="must give 68 points, got 5"):
        dlib.source().points(tmp_path / "a.jpg", IMAGE, "v")
