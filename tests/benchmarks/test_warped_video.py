from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.photos import Face, Photo, read_photos
from benchmarks.warped_courses import draw_course
from benchmarks.warped_face import MOVEMENTS, WarpedFace
from benchmarks.warped_video import WarpedVideo
from mol_edge import _core
from mol_edge.errors import InputError
from mol_edge.frame import Frame

FACES = Path(__file__).resolve().parents[3] / "shared" / "data" / "faces"


@pytest.fixture(scope="module")
def photos() -> list[Photo]:
    if not FACES.is_dir():
        pytest.skip("the photographs of shared/data are not here")
    return read_photos(FACES)


@pytest.mark.parametrize("seed", range(12))
def test_a_course_is_at_5_percent_at_its_ends(seed: int) -> None:
    course = draw_course(np.random.default_rng(seed), 1000.0, 300.0)
    ends = [course.at(course.onset_ms), course.at(course.offset_ms)]
    np.testing.assert_allclose(ends, 0.05, atol=1e-3)
    assert course.at(course.apex_ms) == pytest.approx(1.0, abs=1e-3)
    assert (course.onset_ms, course.offset_ms) == (1000.0, pytest.approx(1300.0))
    assert course.at(course.start_ms - 1) == course.at(course.start_ms + course.span_ms + 1) == 0


def test_courses_have_all_shapes() -> None:
    rng = np.random.default_rng(1)
    shapes = {draw_course(rng, 0.0, 200.0).shape for _ in range(60)}
    assert shapes == {"cosine", "skewed", "held", "relaxing"}


def test_pixels_go_as_far_as_the_truth_says(photos: list[Photo]) -> None:
    video = WarpedVideo(photos, seed=5, fps=30.0, seconds=12.0)
    face = video.face
    truth = next(each for each in video.happenings if each.kind in ("micro", "macro"))
    moved = video.displacement(truth.apex_ms)
    marks = np.rint(face.landmarks).astype(int)
    far = np.hypot(*moved[marks[:, 1], marks[:, 0]].T) * face.crop_scale
    assert far.max() == pytest.approx(truth.amplitude, rel=0.1)
    # A field that large keeps its place: the patch found again lies where the field says.
    x, y = marks[int(far.argmax())]
    rows, columns = np.mgrid[:480, :640].astype(np.float32)
    shown = cv2.remap(
        face.canvas, columns - moved[..., 0], rows - moved[..., 1], cv2.INTER_CUBIC
    ).astype(np.float32)
    patch = np.s_[y - 24 : y + 24, x - 24 : x + 24]
    window = cv2.createHanningWindow((48, 48), cv2.CV_32F)
    gray = [cv2.cvtColor(each, cv2.COLOR_BGR2GRAY) for each in (face.canvas.astype("f4"), shown)]
    shift, _ = cv2.phaseCorrelate(gray[0][patch], gray[1][patch], window)
    weights = window / window.sum()
    wanted = (moved[patch] * weights[..., np.newaxis]).sum((0, 1))
    np.testing.assert_allclose(shift, wanted, atol=0.35 * np.hypot(*wanted))


def test_each_field_is_1_at_its_farthest_landmark(photos: list[Photo]) -> None:
    face = WarpedFace(photos[0], photos[0].faces[0], 220.0, np.random.default_rng(1))
    assert face.crop_scale == pytest.approx(_crop_scale(face), rel=1e-9)
    x, y = np.rint(face.landmarks).astype(int).T
    for movement in MOVEMENTS:
        far = np.hypot(*face.field(movement)[y, x].T)
        pulled = [point for point, _, _ in movement.pulls]
        assert far.max() == pytest.approx(1.0, abs=0.05)
        assert far[pulled].max() > 0.9
        assert far[27] < 0.6, "the bridge of the nose stands for the head"


def _crop_scale(face: WarpedFace) -> float:
    points = Face((0, 0, 0, 0), face.landmarks).points
    return float(np.sqrt(abs(np.linalg.det(_core.alignment_transform(points)[:, :2]))))


def test_lids_close_over_the_eyes_alone(photos: list[Photo]) -> None:
    face = WarpedFace(photos[0], photos[0].faces[0], 220.0, np.random.default_rng(1))
    closed = np.hypot(*face.lids(1.0).transpose(2, 0, 1))
    x, y = np.rint(face.landmarks).astype(int).T
    middles = face.landmarks[[37, 38, 40, 41]].mean(0), face.landmarks[[43, 44, 46, 47]].mean(0)
    for middle in middles:
        column, row = np.rint(middle).astype(int)
        assert closed[row, column] > 0.02 * face.eyes
    assert closed[y[48:], x[48:]].max() == 0
    assert face.lids(0.0).max() == pytest.approx(0.0, abs=1e-3)


def test_a_seed_gives_one_video(photos: list[Photo]) -> None:
    one, same, other = (WarpedVideo(photos, seed, 30.0, 12.0) for seed in (7, 7, 8))
    first, second = next(one.frames()), next(same.frames())
    assert first.shape == (480, 640, 3)
    np.testing.assert_array_equal(first, second)
    assert one.happenings == same.happenings
    assert one.happenings != other.happenings


def test_videos_hold_what_is_asked_for(photos: list[Photo]) -> None:
    videos = [WarpedVideo(photos, seed, 60.0, 30.0) for seed in (1, 2, 3)]
    micro = [each for video in videos for each in video.happenings if each.kind == "micro"]
    durations = [each.offset_ms - each.onset_ms for each in micro]
    assert len(micro) > 15
    assert min(durations) >= 120 and max(durations) <= 450
    for video in videos:
        kinds = {each.kind for each in video.happenings}
        assert {"micro", "blink", "turn", "brightness"} <= kinds
        apart = [each for each in video.happenings if each.kind in ("micro", "macro")]
        assert all(a.offset_ms + 890 < b.onset_ms for a, b in zip(apart, apart[1:]))


def test_small_faces_are_refused() -> None:
    marks = np.random.default_rng(1).uniform(10, 40, (68, 2))
    face = Face((10.0, 10.0, 30.0, 30.0), marks)
    photo = Photo("small", Frame(np.zeros((50, 50, 3), np.uint8), 0), (face,))
    with pytest.raises(InputError, match="more than 50 pixels wide"):
        WarpedVideo([photo], 1, 30.0, 5.0)
