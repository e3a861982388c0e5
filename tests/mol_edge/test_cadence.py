import numpy as np
import pytest

from mol_edge.cadence import Cadence, SegmentReason
from mol_edge.errors import InputError

MS = 1_000_000

GAP, BACKWARD, REPEATED = SegmentReason.GAP, SegmentReason.BACKWARD, SegmentReason.REPEATED


def feed(cadence, times_ms):
    return [cadence.update(round(time * MS)) for time in times_ms]


def step(cadence):
    return cadence.scales[0].step


def test_the_period_and_step_follow_the_timestamps():
    cadence = Cadence([350])
    assert cadence.period_ns is None
    assert step(cadence) == 0
    assert feed(cadence, np.arange(0, 500, 5)) == [None] * 100
    assert cadence.period_ns == 5 * MS
    assert step(cadence) == 10
    assert cadence.scales[0].spacing_ns == 50 * MS
    assert cadence.scales[0].fast_enough


@pytest.mark.parametrize(
    ("fps", "steps"),
    [(15, (0, 0, 1)), (30, (0, 2, 2)), (60, (2, 3, 4)), (120, (3, 6, 9)), (240, (7, 12, 17))],
)
def test_windows_of_several_lengths_share_a_rhythm(fps, steps):
    """28.6, 50 and 71.4 ms between samples, in frames; 0 stands for too slow a camera."""
    cadence = Cadence([200, 350, 500])
    feed(cadence, np.arange(60) * 1000 / fps)
    assert tuple(scale.step * scale.fast_enough for scale in cadence.scales) == steps
    for scale in cadence.scales:
        assert scale.spacing_ns == pytest.approx(scale.step * 1e9 / fps, rel=1e-6)


def test_a_stated_period_gives_the_first_step():
    cadence = Cadence([350], period_ns=33_333_333)
    assert step(cadence) == 2
    feed(cadence, [0, 34, 67, 100, 134, 167])
    assert step(cadence) == 2


def test_a_wrong_stated_period_is_corrected():
    cadence = Cadence([350], period_ns=40 * MS)
    feed(cadence, np.arange(0, 400, 10))
    assert step(cadence) == 5


@pytest.mark.parametrize("fps", [29.5, 29.97, 30, 30.03])
@pytest.mark.parametrize("seed", range(5))
def test_jitter_does_not_change_the_step(fps, seed):
    random = np.random.default_rng(seed)
    times = np.arange(600) * 1000 / fps + random.uniform(-8, 8, 600)
    cadence = Cadence([350])
    steps = []
    for time in times:
        assert cadence.update(round((time + 10) * MS)) is None
        steps.append(step(cadence))
    assert set(steps[30:]) == {2}


def test_dropped_frames_do_not_lengthen_the_period():
    random = np.random.default_rng(1)
    times = np.arange(0, 300) * 1000 / 60
    kept = times[random.uniform(size=300) > 0.15]
    cadence = Cadence([350])
    for time in kept:
        cadence.update(round(time * MS))
    assert cadence.period_ns == pytest.approx(1e9 / 60, rel=1e-3)
    assert step(cadence) == 3


def test_a_gap_starts_a_segment():
    cadence = Cadence([350])
    assert feed(cadence, [0, 50, 100, 150, 300, 350]) == [None] * 4 + [GAP, None]
    assert step(cadence) == 1


def test_a_missing_frame_is_a_gap_only_if_it_moves_a_sample_by_more_than_half_a_step():
    at_20_fps = Cadence([350])
    assert feed(at_20_fps, [0, 50, 100, 200])[-1] is GAP
    at_200_fps = Cadence([350])
    feed(at_200_fps, range(0, 100, 5))
    assert step(at_200_fps) == 10
    # 5 of 10 frames of a step are missing, then 6.
    assert at_200_fps.update((95 + 30) * MS) is None
    assert at_200_fps.update((125 + 37) * MS) is GAP


@pytest.mark.parametrize(("time", "reason"), [(100, REPEATED), (99, BACKWARD), (0, BACKWARD)])
def test_a_timestamp_that_does_not_rise_starts_a_segment(time, reason):
    cadence = Cadence([350])
    feed(cadence, [0, 50, 100])
    assert cadence.update(time * MS) is reason
    assert cadence.update((time + 50) * MS) is None


def test_a_camera_that_slows_down_breaks_the_stream_once():
    cadence = Cadence([350])
    feed(cadence, range(0, 400, 40))
    assert feed(cadence, range(500, 1500, 140)) == [GAP] + [None] * 7
    assert cadence.period_ns == 140 * MS
    assert not cadence.scales[0].fast_enough


def test_gaps_of_different_lengths_are_gaps():
    cadence = Cadence([350])
    feed(cadence, range(0, 400, 40))
    assert feed(cadence, [600, 1200]) == [GAP, GAP]


def test_a_camera_that_speeds_up_gets_a_larger_step():
    cadence = Cadence([350])
    feed(cadence, range(0, 1000, 40))
    feed(cadence, range(1000, 2000, 10))
    assert step(cadence) == 5


def test_a_rate_that_drifts_over_the_border_changes_the_step_once():
    cadence = Cadence([350])
    periods = np.concatenate([np.full(60, 33.3), np.linspace(33.3, 42, 200), np.full(60, 42)])
    random = np.random.default_rng(0)
    steps = []
    for time in np.cumsum(periods) + random.uniform(-3, 3, len(periods)):
        cadence.update(round(time * MS))
        steps.append(step(cadence))
    assert steps[60] == 2
    assert steps[-1] == 1
    assert np.count_nonzero(np.diff(steps[30:])) == 1


def test_timestamps_in_another_unit_are_refused():
    cadence = Cadence([350])
    with pytest.raises(InputError, match=r"got one each 33 ns: give timestamps in nanoseconds"):
        for time in range(0, 3300, 33):
            cadence.update(time)


def test_two_frames_at_almost_one_time_do_no_harm():
    cadence = Cadence([350], period_ns=33_333_333)
    feed(cadence, [0, 0.001])
    feed(cadence, np.arange(33.3, 1500, 33.3333))
    assert step(cadence) == 2
