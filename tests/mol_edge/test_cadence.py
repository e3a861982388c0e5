import numpy as np
import pytest

from mol_edge.cadence import Cadence
from mol_edge.errors import InputError

MS = 1_000_000


def feed(cadence, times_ms):
    return [cadence.update(round(time * MS)) for time in times_ms]


def test_the_period_and_step_follow_the_timestamps():
    cadence = Cadence(350)
    assert cadence.period_ns is None
    assert cadence.step == 0
    assert not any(feed(cadence, np.arange(0, 500, 5)))
    assert cadence.period_ns == 5 * MS
    assert cadence.step == 10
    assert cadence.fast_enough


def test_a_stated_period_gives_the_first_step():
    cadence = Cadence(350, period_ns=33_333_333)
    assert cadence.step == 2
    # A container in whole milliseconds: 34 alone would give 1.47 and so 1.
    feed(cadence, [0, 34, 67, 100, 134, 167])
    assert cadence.step == 2


def test_a_wrong_stated_period_is_corrected():
    cadence = Cadence(350, period_ns=40 * MS)
    feed(cadence, np.arange(0, 400, 10))
    assert cadence.step == 5


def test_jitter_does_not_change_the_step():
    random = np.random.default_rng(0)
    times = np.arange(600) * 1000 / 30 + random.uniform(-8, 8, 600)
    cadence = Cadence(350)
    steps = []
    for time in times:
        assert not cadence.update(round((time + 10) * MS))
        steps.append(cadence.step)
    assert len(set(steps[60:])) == 1


def test_a_gap_starts_a_segment():
    cadence = Cadence(350)
    assert feed(cadence, [0, 50, 100, 150, 300, 350]) == [False] * 4 + [True, False]
    assert cadence.step == 1


def test_a_missing_frame_is_a_gap_only_if_it_moves_a_sample_by_more_than_half_a_step():
    at_20_fps = Cadence(350)
    assert feed(at_20_fps, [0, 50, 100, 200])[-1]
    at_200_fps = Cadence(350)
    feed(at_200_fps, range(0, 100, 5))
    assert at_200_fps.step == 10
    # 5 of 10 frames of a step are missing, then 6.
    assert not at_200_fps.update((95 + 30) * MS)
    assert at_200_fps.update((125 + 37) * MS)


@pytest.mark.parametrize("time", [100, 99, 0])
def test_a_timestamp_that_does_not_rise_starts_a_segment(time):
    cadence = Cadence(350)
    feed(cadence, [0, 50, 100])
    assert cadence.update(time * MS)
    assert not cadence.update((time + 50) * MS)


def test_a_camera_that_slows_down_breaks_the_stream_once():
    cadence = Cadence(350)
    feed(cadence, range(0, 400, 40))
    assert feed(cadence, range(500, 1500, 140)) == [True] + [False] * 7
    assert cadence.period_ns == 140 * MS
    assert not cadence.fast_enough


def test_gaps_of_different_lengths_are_gaps():
    cadence = Cadence(350)
    feed(cadence, range(0, 400, 40))
    assert feed(cadence, [600, 1200]) == [True, True]


def test_a_camera_that_speeds_up_gets_a_larger_step():
    cadence = Cadence(350)
    feed(cadence, range(0, 1000, 40))
    feed(cadence, range(1000, 2000, 10))
    assert cadence.step == 5


def test_timestamps_in_another_unit_are_refused():
    cadence = Cadence(350)
    with pytest.raises(InputError, match=r"got one each 33 ns: give timestamps in nanoseconds"):
        for time in range(0, 3300, 33):
            cadence.update(time)


def test_two_frames_at_almost_one_time_do_no_harm():
    cadence = Cadence(350, period_ns=33_333_333)
    feed(cadence, [0, 0.001])
    feed(cadence, np.arange(33.3, 1500, 33.3333))
    assert cadence.step in (1, 2)
