import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from mol_edge.errors import InputError
from training.evaluation.photos import evaluate_photos, jittered, judge_face, read_faces
from training.synthetic import SyntheticOptions, make_event

FACES = Path(__file__).parents[4] / "shared" / "data" / "faces"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two pictures of one synthetic face each, annotated."""
    home = tmp_path_factory.mktemp("photos")
    annotated = {}
    for seed in (1, 2):
        event = make_event(seed, SyntheticOptions(fps=(30.0, 30.0), scale=(1.2, 1.2)))
        cv2.imwrite(str(home / f"{seed}.png"), event.frames[0])
        marks = event.landmarks[0].astype(float).tolist()
        annotated[f"{seed}.png"] = [{"box": [0, 0, 9, 9], "landmarks": marks}]
    (home / "landmarks.json").write_text(json.dumps(annotated))
    return home


class Constant:
    """Predicts the same points in every crop."""

    name, device, labels = "constant", "here", ("a", "b")

    def __init__(self, points):
        self._points = points

    def points(self, frames):
        return np.tile(self._points, (len(frames), 1, 1)).astype(np.float32)


def test_true_points_have_no_error(folder):
    for face in read_faces(folder):
        truth = judge_face(Constant(np.zeros((68, 2))), face, face.alignment_points).truth
        result = judge_face(Constant(truth), face, face.alignment_points)
        assert result.error < 1e-6
        # The eyes of an aligned face are level.
        assert truth[36:42, 1].mean() == pytest.approx(truth[42:48, 1].mean(), abs=1e-6)


def test_errors_are_by_the_distance_of_the_eyes(folder):
    face = read_faces(folder)[0]
    truth = judge_face(Constant(np.zeros((68, 2))), face, face.alignment_points).truth
    eyes = np.linalg.norm(truth[36:42].mean(0) - truth[42:48].mean(0))
    result = judge_face(Constant(truth + (3, 4)), face, face.alignment_points)
    assert result.error == pytest.approx(5 / eyes)


def test_the_folder_is_judged_and_drawn(folder):
    figures, sheet = evaluate_photos(Constant(np.full((68, 2), 64.0)), folder, repeats=3)
    assert figures["faces"] == 2
    errors = [row["nme"] for row in figures["by_face"]]
    assert figures["nme"] == pytest.approx(np.mean(errors))
    assert figures["failure_rate"] == 1
    assert all(row["nme_jittered"] != row["nme"] for row in figures["by_face"])
    assert sheet.shape[1] == 2 * 384
    assert sheet.std() > 10


def test_jitter_is_a_share_of_the_distance_of_the_eyes():
    points = np.array([[0, 0], [50, 0], [25, 30], [5, 60], [45, 60.0]])
    rng = np.random.default_rng(0)
    moved = np.stack([jittered(points, 0.04, rng) - points for _ in range(500)])
    assert moved.std() == pytest.approx(2.0, rel=0.1)


def test_bad_folders_are_named(tmp_path):
    with pytest.raises(InputError, match=r"landmarks\.json"):
        read_faces(tmp_path)
    annotation = [{"landmarks": [[0, 0]] * 68}]
    (tmp_path / "landmarks.json").write_text(json.dumps({"no.png": annotation}))
    with pytest.raises(InputError, match=r"no\.png"):
        read_faces(tmp_path)


@pytest.mark.skipif(not FACES.is_dir(), reason="the annotated photographs are not here")
def test_the_annotated_photographs_are_read():
    faces = read_faces(FACES)
    assert len(faces) >= 4
    for face in faces:
        assert face.landmarks.shape == (68, 2)
        assert (face.alignment_points[:, 0] < face.image.shape[1]).all()
