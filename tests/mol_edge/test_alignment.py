import numpy as np
import pytest

from mol_edge import _core
from mol_edge.alignment import AnchoredAligner, PerFrameAligner
from mol_edge.errors import OptionError

# Eyes 40 px apart: the box of the points is 40 x 40, so 2.5 * 40 = 100 px become 143.
POINTS = np.array([[40, 40], [80, 40], [60, 60], [45, 80], [75, 80.0]])
SCALE = 143 / 100


def test_per_frame_takes_each_frames_points():
    aligner = PerFrameAligner()
    assert aligner.looks == 0
    for shift in (0.0, 3.0, 50.0):
        alignment = aligner.update(POINTS + shift)
        expected = _core.alignment_transform(POINTS + shift)
        np.testing.assert_array_equal(alignment.transform, expected)
        assert not alignment.replaced
        assert alignment.drift_px == 0


def test_the_anchor_is_locked_once_it_has_had_its_looks():
    aligner = AnchoredAligner(frames=3, drift_px=4.0)
    looks, outcomes = [], []
    for shift in (0.0, 0.3, 0.6):
        looks.append(aligner.looks)
        outcomes.append(aligner.update(POINTS + shift))
    assert looks == [3, 2, 1]
    assert aligner.looks == 0
    assert [alignment.replaced for alignment in outcomes] == [False, False, True]
    assert outcomes[1].transform is outcomes[0].transform
    locked = outcomes[-1].transform
    np.testing.assert_allclose(locked, _core.alignment_transform(POINTS + 0.6), atol=1e-12)
    random = np.random.default_rng(0)
    for _ in range(200):
        alignment = aligner.update(POINTS + 0.6 + random.normal(0, 0.5, (5, 2)))
        assert alignment.transform is locked
        assert not alignment.replaced


def test_drift_is_told_in_pixels_of_the_aligned_face():
    aligner = AnchoredAligner(frames=1, drift_px=4.0)
    aligner.update(POINTS)
    assert aligner.update(POINTS + [2.0, 0]).drift_px == pytest.approx(2 * SCALE)
    assert aligner.update(POINTS).drift_px == pytest.approx(0, abs=1e-9)


def test_drift_is_that_of_the_point_that_went_farthest():
    aligner = AnchoredAligner(frames=1, drift_px=1000.0)
    linear = aligner.update(POINTS).transform[:, :2]
    for moved in np.random.default_rng(0).normal(0, 4, (20, 5, 2)):
        expected = np.linalg.norm(moved @ linear.T, axis=1).max()
        assert aligner.update(POINTS + moved).drift_px == pytest.approx(expected, rel=1e-12)


def test_drift_beyond_the_tolerance_anchors_anew():
    aligner = AnchoredAligner(frames=2, drift_px=4.0)
    aligner.update(POINTS)
    aligner.update(POINTS)
    # The median of two frames must move 4 / 1.43 = 2.797 px along x.
    along_x = np.array([1.0, 0.0])
    for shift in (2.7, 2.7, 2.85):
        assert not aligner.update(POINTS + shift * along_x).replaced
    alignment = aligner.update(POINTS + 2.85 * along_x)
    assert alignment.replaced
    expected = _core.alignment_transform(POINTS + 2.85 * along_x)
    np.testing.assert_allclose(alignment.transform, expected, atol=1e-12)
    assert alignment.transform[0, 0] == pytest.approx(SCALE)


def test_two_wild_frames_of_five_do_not_anchor_anew():
    aligner = AnchoredAligner(frames=5, drift_px=4.0)
    for _ in range(5):
        aligner.update(POINTS)
    wild = POINTS.copy()
    wild[2] += 100
    assert [aligner.update(points).replaced for points in (wild, wild, POINTS)] == [False] * 3


def test_one_frame_locks_at_once():
    aligner = AnchoredAligner(frames=1)
    first = aligner.update(POINTS)
    assert not first.replaced
    assert aligner.update(POINTS + 0.5).transform is first.transform


@pytest.mark.parametrize(("frames", "drift_px"), [(0, 4.0), (5, 0.0), (5, -1.0)])
def test_bad_options_are_refused(frames, drift_px):
    with pytest.raises(OptionError, match="1 frame or more and a drift above 0"):
        AnchoredAligner(frames, drift_px)


def test_a_closer_look_moves_the_anchor_but_not_the_drift() -> None:
    points = np.array([[40, 40], [80, 40], [60, 60], [45, 80], [75, 80.0]])
    better = points + [3.0, -2.0]
    looks = []

    def look() -> np.ndarray:
        looks.append(1)
        return better

    aligner = AnchoredAligner(frames=3, drift_px=1.5)
    outcomes = [aligner.update(points, look) for _ in range(10)]
    expected = _core.alignment_transform(better)
    np.testing.assert_allclose(outcomes[-1].transform, expected, atol=1e-9)
    assert len(looks) == 3
    assert [alignment.replaced for alignment in outcomes[3:]] == [False] * 7
    moved = points + 30
    for _ in range(3):
        last = aligner.update(moved, lambda: moved + [1.0, 0.0])
    expected = _core.alignment_transform(moved + [1.0, 0.0])
    np.testing.assert_allclose(last.transform, expected, atol=1e-9)
