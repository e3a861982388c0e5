import numpy as np
import pytest

from mol_edge import _core
from mol_edge.alignment import AnchoredAligner, PerFrameAligner
from mol_edge.face_state import FaceLimits
from mol_edge.faces import Detection
from mol_edge.follow import ByTexture
from mol_edge.patches import Patches
from mol_edge.results import FaceState
from mol_edge.track import FaceTrack
from tests.mol_edge.scenes import BOX, POINTS, face, frame_of, scene, shifted


def new_track(found=None, aligner=None):
    found = found or face()
    return FaceTrack(0, found, aligner or PerFrameAligner(), ByTexture(), Patches(500))


@pytest.fixture(scope="module")
def image():
    return scene(1)


@pytest.mark.parametrize(
    ("box", "same"),
    [
        ((100, 100, 80, 80), True),
        ((130, 100, 80, 80), True),  # moved by 30 of 80
        ((139, 100, 80, 80), True),
        ((141, 100, 80, 80), False),
        ((129, 129, 80, 80), False),  # 41 along the diagonal
        ((85, 85, 110, 110), True),  # 1.375 times the size
        ((75, 75, 130, 130), False),  # 1.625 times
        ((115, 115, 50, 50), False),  # 1 / 1.6
    ],
)
def test_a_face_is_known_again_by_place_and_size(box, same):
    track = new_track(Detection((100, 100, 80, 80), POINTS, 0.9))
    assert track.matches(box) is same


def test_the_box_moves_and_grows_with_the_points(image):
    track = new_track()
    track.detected(face(), frame_of(image))
    assert track.follow(frame_of(shifted(image, 6, -2), 1))
    np.testing.assert_allclose(track.points, POINTS + [6, -2], atol=0.2)
    np.testing.assert_allclose(track.box, np.array(BOX) + [6, -2, 0, 0], atol=0.5)
    assert track.seen_ns == frame_of(image, 1).timestamp_ns


def test_a_box_is_carried_by_the_middle_and_the_spread_of_the_points():
    random = np.random.default_rng(3)
    for later in POINTS * 1.1 + random.normal(0, 5, (20, 5, 2)):
        middle, middle_later = POINTS.mean(0), later.mean(0)
        growth = np.linalg.norm(later - middle_later) / np.linalg.norm(POINTS - middle)
        corner = middle_later + growth * (np.array(BOX[:2]) - middle)
        expected = [*corner, growth * BOX[2], growth * BOX[3]]
        np.testing.assert_allclose(_core.carried_box(*BOX, POINTS, later), expected, rtol=1e-12)


def test_looks_at_a_face_that_is_followed_are_averaged_as_it_moves(image):
    """Five looks with scatter at a moving face: the points are their mean, carried along."""
    random = np.random.default_rng(0)
    scatter = random.normal(0, 1.5, (5, 5, 2))
    track = new_track(aligner=AnchoredAligner(frames=5))
    for k in range(5):
        frame = frame_of(shifted(image, 1.5 * k, 0), k)
        if k:
            track.follow(frame)
        track.detected(Detection(BOX, POINTS + [1.5 * k, 0] + scatter[k], 0.9), frame)
        alignment = track.align()
    expected = POINTS + [6, 0] + scatter.mean(axis=0)
    np.testing.assert_allclose(track.points, expected, atol=0.25)
    np.testing.assert_allclose(alignment.transform, _core.alignment_transform(track.points))
    assert alignment.replaced


def test_a_look_that_disagrees_counts_for_all(image):
    track = new_track(aligner=AnchoredAligner(frames=5))
    track.detected(face(), frame_of(image))
    track.follow(frame_of(image, 1))
    track.detected(face(20, 0), frame_of(image, 1))
    np.testing.assert_allclose(track.points, POINTS + [20, 0])


def test_aligned_per_frame_each_look_counts_for_all(image):
    track = new_track()
    for k, shift in enumerate((0.0, 1.0, -1.0)):
        if k:
            track.follow(frame_of(image, k))
        track.detected(face(shift), frame_of(image, k))
        np.testing.assert_array_equal(track.points, POINTS + [shift, 0])


def test_a_face_that_is_missed_and_not_followed_is_lost_until_it_is_seen(image):
    track = new_track()
    track.detected(face(), frame_of(image))
    assert not track.follow(frame_of(scene(9), 1))
    track.missed()
    assert track.state is FaceState.LOST
    assert not track.follow(frame_of(image, 2))
    track.detected(face(), frame_of(image, 3))
    assert track.state is FaceState.TRACKED
    assert track.misses == 0


def test_a_face_that_is_followed_may_be_missed_twice(image):
    track = new_track()
    track.detected(face(), frame_of(image))
    states = []
    for k in range(1, 4):
        track.follow(frame_of(image, k))
        track.missed()
        states.append(track.lost)
    assert states == [False, False, True]


def test_a_blurred_face_is_one_and_may_recover():
    track = new_track()
    limits = FaceLimits(min_sharpness=0.3)
    states = []
    for sharp in (0.9, 0.2, 0.31, 0.4):
        track.judge(limits, sharp)
        states.append(track.state.value)
    assert states == ["tracked", "blurred", "blurred", "tracked"]
