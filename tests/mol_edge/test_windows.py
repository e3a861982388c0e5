import pytest

from mol_edge.errors import InputError, OptionError
from mol_edge.windows import (
    event_samples,
    is_fast_enough,
    nearest_samples,
    official_phases,
    step_for,
    unevenness,
    widened,
)


@pytest.mark.parametrize(
    ("window_ms", "period_ns", "step"),
    [
        (350, 5_000_000, 10),  # 200 fps: 350 / 35 = 10
        (350, 10_000_000, 5),  # 100 fps: 350 / 70 = 5
        (350, 16_666_667, 3),  # 60 fps: 350 / 116.7 = 3
        (350, 33_333_333, 2),  # 30 fps: 350 / 233.3 = 1.5, as far from 1 as 2 is less in ratio
        (350, 33_333_334, 2),  # the same camera in other whole nanoseconds
        (350, 33_366_667, 2),  # 29.97 fps: 1.4985
        (350, 35_200_000, 2),  # 28.4 fps: 1.42, above the square root of 1 * 2
        (350, 35_500_000, 1),  # 28.2 fps: 1.408, below it
        (350, 20_000_000, 3),  # 50 fps: 2.5
        (350, 40_000_000, 1),  # 25 fps: 1.25
        (350, 50_000_000, 1),  # 20 fps: 1
        (350, 100_000_000, 1),  # 10 fps: 0.5 gives 0, and 1 is the least
        (500, 5_000_000, 14),  # 500 / 35 = 14.3
        (500, 33_333_333, 2),  # 2.14
    ],
)
def test_step(window_ms, period_ns, step):
    assert step_for(window_ms, period_ns) == step


@pytest.mark.parametrize(("window_ms", "period_ns"), [(0, 1), (-350, 1), (350, 0), (350, -5)])
def test_step_refuses_times_that_are_not_above_zero(window_ms, period_ns):
    with pytest.raises(OptionError, match="must be above 0"):
        step_for(window_ms, period_ns)


@pytest.mark.parametrize(
    ("fps", "enough"), [(200, True), (30, True), (25, True), (20, True), (18, False), (15, False)]
)
def test_a_camera_gives_8_distinct_frames_within_350_ms_from_20_fps(fps, enough):
    assert is_fast_enough(350, 1e9 / fps) is enough


def test_equally_spaced_frames_are_taken_step_by_step():
    times = list(range(0, 1010, 10))
    assert nearest_samples(times, 10) == tuple(range(93, 101))
    assert nearest_samples(times, 30) == tuple(range(79, 101, 3))
    assert nearest_samples(times, 20, count=2) == (98, 100)


def test_the_frames_nearest_in_time_are_taken():
    times = [0, 9, 22, 29, 38, 52, 60, 69, 81, 90, 103, 110, 119, 131, 140]
    # 140, 120, … 0: of equally near frames the later one.
    assert nearest_samples(times, 20) == (0, 2, 4, 6, 8, 10, 12, 14)


def test_samples_are_distinct_where_frames_are_sparse():
    times = [0, 10, 20, 30, 40, 50, 60, 100, 110]
    samples = nearest_samples(times, 5)
    assert samples == (1, 2, 3, 4, 5, 6, 7, 8)


def test_too_few_frames_give_no_samples():
    assert nearest_samples([0, 10, 20, 30, 40, 50, 60], 10) is None
    assert nearest_samples([5], 10, count=2) is None


def test_unevenness_is_the_largest_deviation_from_even_spacing():
    assert unevenness([0, 10, 20, 30]) == 0
    assert unevenness([0, 14, 20, 30]) == 4
    # Counted back from the last sample with the spacing that was wanted.
    assert unevenness([3, 10, 20, 30], 10) == 3


@pytest.mark.parametrize(
    ("frames", "samples"),
    [
        (8, (0, 1, 2, 3, 4, 5, 6, 7)),
        (9, (0, 1, 2, 3, 5, 6, 7, 8)),  # 8/7 = 1.14: 0 1.1 2.3 3.4 4.6 5.7 6.9 8
        (12, (0, 2, 3, 5, 6, 8, 9, 11)),  # 11/7 = 1.57: 0 1.6 3.1 4.7 6.3 7.9 9.4 11
        (29, (0, 4, 8, 12, 16, 20, 24, 28)),
        (100, (0, 14, 28, 42, 57, 71, 85, 99)),
    ],
)
def test_event_samples(frames, samples):
    assert event_samples(frames) == samples


@pytest.mark.parametrize("frames", [0, 1, 7])
def test_a_clip_below_8_frames_is_refused(frames):
    for function in (event_samples, official_phases):
        with pytest.raises(InputError, match=f"at least 8 frames, got {frames}"):
            function(frames)


@pytest.mark.parametrize(
    ("first", "last", "frames", "expected"),
    [
        (10, 30, 100, (10, 30)),
        (10, 17, 100, (10, 17)),
        (10, 16, 100, (10, 17)),  # one missing: behind
        (10, 15, 100, (9, 16)),  # two missing: one on each side
        (10, 10, 100, (7, 14)),  # seven missing: three before, four behind
        (0, 2, 100, (0, 7)),
        (97, 99, 100, (92, 99)),
        (3, 4, 8, (0, 7)),
        (0, 7, 8, (0, 7)),
    ],
)
def test_widened(first, last, frames, expected):
    assert widened(first, last, frames) == expected


def test_widened_refuses_what_does_not_lie_in_the_video():
    for first, last in ((5, 4), (-1, 3), (0, 20)):
        with pytest.raises(OptionError, match="must lie within 0 to 19"):
            widened(first, last, 20)
    with pytest.raises(InputError, match="at least 8 frames, got 5"):
        widened(0, 4, 5)


def test_official_phases_of_8_to_15_frames_are_the_first_8():
    for frames in (8, 15):
        assert official_phases(frames) == (tuple(range(8)),)


def test_official_phases_of_30_frames():
    assert official_phases(30) == (
        (0, 3, 6, 9, 12, 15, 18, 21),
        (1, 4, 7, 10, 13, 16, 19, 22),
        (2, 5, 8, 11, 14, 17, 20, 23),
    )
