from pathlib import Path

import cv2
import numpy as np
import pytest

from mol_edge import _core
from mol_edge.errors import ArrayError, OptionError
from mol_edge.face_state import FaceLimits, eye_distance, sharpness, turn
from mol_edge.faces import YunetDetector
from mol_edge.frame import Frame
from mol_edge.results import FaceState

DATA = Path(__file__).parents[3] / "shared" / "data"
POINTS = np.array([[40, 40], [80, 40], [60, 62.4], [45, 80], [75, 80.0]])


def by_nose(x, y=0.0):
    points = POINTS.copy()
    points[2] += [x, y]
    return points


def test_sizes_are_those_of_the_picture_also_of_a_turned_head():
    assert eye_distance(POINTS) == pytest.approx(40)
    narrow = POINTS * [0.5, 1]
    assert eye_distance(narrow) == pytest.approx(40)
    rotated = POINTS @ np.array([[0, 1], [-1, 0.0]])
    assert eye_distance(rotated) == pytest.approx(40)


def test_turn_is_how_far_the_nose_has_gone_in_any_direction():
    assert turn(POINTS) == pytest.approx(0, abs=1e-9)
    assert turn(by_nose(12)) == pytest.approx(0.3)
    assert turn(by_nose(0, -12)) == pytest.approx(0.3)
    rotated = by_nose(12) @ np.array([[0.6, 0.8], [-0.8, 0.6]])
    assert turn(rotated) == pytest.approx(0.3)
    assert turn(np.ones((5, 2))) == float("inf")


def test_size_and_turn_are_those_of_the_points_as_complex_numbers():
    random = np.random.default_rng(0)
    for points in POINTS + random.normal(0, 6, (50, 5, 2)):
        left, right, nose, one, other = points @ np.array([1, 1j])
        eyes, mouth = (left + right) / 2, (one + other) / 2
        size = max(abs(right - left), abs(mouth - eyes))
        assert eye_distance(points) == pytest.approx(size, rel=1e-12)
        off = abs(nose - (eyes + 0.56 * (mouth - eyes)))
        assert turn(points) == pytest.approx(off / size, rel=1e-12, abs=1e-14)


def test_each_limit_has_its_state_and_some_hysteresis():
    limits = FaceLimits(min_eye_px=30, max_turn=0.2, min_sharpness=0.5)
    assert limits.state_of(POINTS, 0.9) is FaceState.TRACKED
    assert limits.state_of(POINTS * 0.7, 0.9) is FaceState.TOO_SMALL
    assert limits.state_of(by_nose(9), 0.9) is FaceState.TURNED_AWAY
    assert limits.state_of(POINTS, 0.4) is FaceState.BLURRED
    for points, sharp, state in (
        (POINTS * 0.78, 0.9, FaceState.TOO_SMALL),
        (by_nose(7.5), 0.9, FaceState.TURNED_AWAY),
        (POINTS, 0.52, FaceState.BLURRED),
    ):
        assert limits.state_of(points, sharp) is FaceState.TRACKED
        assert limits.state_of(points, sharp, before=state) is state


def test_limits_of_nought_take_every_face():
    limits = FaceLimits(min_eye_px=0, max_turn=10, min_sharpness=0)
    assert limits.state_of(by_nose(100) / 30, 0.0) is FaceState.TRACKED


@pytest.mark.parametrize("name", ["min_eye_px", "max_turn", "min_sharpness"])
def test_limits_are_checked(name):
    with pytest.raises(OptionError, match=f"{name} must be 0 or more, got -1"):
        FaceLimits(**{name: -1})


def test_sharpness_does_not_know_gain_and_offset():
    crop = np.random.default_rng(0).normal(0, 1, (128, 128)).astype(np.float32)
    assert sharpness(3 * crop + 5) == pytest.approx(sharpness(crop), rel=1e-4)
    assert sharpness(np.full((128, 128), 7, np.float32)) == 0


def test_sharpness_is_opencvs_laplacian_over_deviation():
    noise = np.random.default_rng(1).normal(0, 1, (128, 128)).astype(np.float32)
    for blur in (0.5, 2.0, 6.0):
        crop = cv2.GaussianBlur(noise, (0, 0), blur)
        small = cv2.resize(crop, (32, 32), interpolation=cv2.INTER_AREA)
        edges = cv2.Laplacian(small, cv2.CV_32F)
        assert sharpness(crop) == pytest.approx(edges.std() / small.std(), rel=1e-4)


@pytest.mark.parametrize("crop", [np.zeros((128, 127), np.float32), np.zeros((128, 128)), None])
def test_sharpness_refuses_what_is_no_crop(crop):
    with pytest.raises(ArrayError, match=r"crop must be .*float32.*\(128, 128\)"):
        sharpness(crop)


def test_the_defaults_part_sharp_frontal_faces_of_photographs_from_blurred_ones():
    if not DATA.is_dir():
        pytest.skip(f"needs the shared folder {DATA.name}")
    detector = YunetDetector(DATA / "face_detection_yunet_2023mar.onnx")
    limits, seen = FaceLimits(), 0
    for path in sorted((DATA / "faces").glob("*.jpg")):
        image = cv2.imread(str(path))
        for found in detector.detect(Frame(image, 0)):
            seen += 1
            crop = _core.crop_float(image, _core.alignment_transform(found.points), 128, 1)
            assert turn(found.points) < limits.max_turn
            assert sharpness(crop) > 1.5 * limits.min_sharpness
            assert sharpness(cv2.GaussianBlur(crop, (0, 0), 6)) < limits.min_sharpness
            small = eye_distance(found.points) < limits.min_eye_px
            expected = FaceState.TOO_SMALL if small else FaceState.TRACKED
            assert limits.state_of(found.points, sharpness(crop)) is expected
    assert seen == 18
