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
    for shift in (0.0, 3.0, 50.0):
        transform, replaced = aligner.update(POINTS + shift)
        np.testing.assert_array_equal(transform, _core.alignment_transform(POINTS + shift))
        assert not replaced


def test_the_anchor_is_the_mean_of_the_first_frames_and_stays():
    aligner = AnchoredAligner(frames=3, drift_px=4.0)
    outcomes = [aligner.update(POINTS + shift) for shift in (0.0, 0.6, 1.2)]
    assert [replaced for _, replaced in outcomes] == [False, True, True]
    locked = outcomes[-1][0]
    np.testing.assert_allclose(locked, _core.alignment_transform(POINTS + 0.6), atol=1e-12)
    random = np.random.default_rng(0)
    for _ in range(200):
        transform, replaced = aligner.update(POINTS + 0.6 + random.normal(0, 0.5, (5, 2)))
        assert transform is locked
        assert not replaced


def test_drift_beyond_the_tolerance_anchors_anew():
    aligner = AnchoredAligner(frames=2, drift_px=4.0)
    aligner.update(POINTS)
    aligner.update(POINTS)
    # The median of two frames must move 4 / 1.43 = 2.797 px along x.
    along_x = np.array([1.0, 0.0])
    for shift in (2.7, 2.7, 2.85):
        assert not aligner.update(POINTS + shift * along_x)[1]
    transform, replaced = aligner.update(POINTS + 2.85 * along_x)
    assert replaced
    expected = _core.alignment_transform(POINTS + 2.85 * along_x)
    np.testing.assert_allclose(transform, expected, atol=1e-12)
    assert transform[0, 0] == pytest.approx(SCALE)


def test_two_wild_frames_of_five_do_not_anchor_anew():
    aligner = AnchoredAligner(frames=5, drift_px=4.0)
    for _ in range(5):
        aligner.update(POINTS)
    wild = POINTS.copy()
    wild[2] += 100
    assert [aligner.update(points)[1] for points in (wild, wild, POINTS)] == [False] * 3


def test_one_frame_locks_at_once():
    aligner = AnchoredAligner(frames=1)
    first, replaced = aligner.update(POINTS)
    assert not replaced
    assert aligner.update(POINTS + 0.5)[0] is first


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
    transforms = [aligner.update(points, look) for _ in range(10)]
    np.testing.assert_allclose(transforms[-1][0], _core.alignment_transform(better), atol=1e-9)
    assert len(looks) == 3
    assert [replaced for _, replaced in transforms[3:]] == [False] * 7
    moved = points + 30
    for _ in range(3):
        last, _ = aligner.update(moved, lambda: moved + [1.0, 0.0])
    np.testing.assert_allclose(last, _core.alignment_transform(moved + [1.0, 0.0]), atol=1e-9)
