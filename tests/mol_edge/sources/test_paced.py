import numpy as np
import pytest

from mol_edge.sources import open_source
from mol_edge.sources.paced import PacedSource
from tests.mol_edge.live_sources import MS, SECOND, HeldClock

IMAGE = np.zeros((20, 30), np.uint8)


def recording(times_ms):
    return open_source([(IMAGE, time * MS) for time in times_ms])


def test_frames_come_at_their_times_by_the_clock():
    clock = HeldClock(5 * SECOND)
    seen = [
        (clock.now, frame.timestamp_ns, frame.index)
        for frame in PacedSource(recording([700, 740, 780, 900]), clock)
    ]
    due = [5 * SECOND + after * MS for after in (0, 40, 80, 200)]
    assert [when for when, _, _ in seen] == due
    assert [stamp for _, stamp, _ in seen] == due
    assert [index for _, _, index in seen] == [0, 1, 2, 3]


def test_whoever_is_slow_gets_them_late_but_with_their_own_times():
    clock = HeldClock(0)
    stamps = []
    for frame in PacedSource(recording(range(0, 400, 40)), clock):
        stamps.append(frame.timestamp_ns)
        clock.now += 70 * MS
    assert np.diff(stamps).tolist() == [40 * MS] * 9


@pytest.mark.parametrize("times", [[0, 40, 10_000, 10_040, 80, 120], list(range(0, 8000, 10))])
def test_nothing_comes_later_than_half_a_second(times):
    """Times that jump back, and a reader that needs 40 ms for pictures of every 10 ms."""
    clock = HeldClock(0)
    for frame in PacedSource(recording(times), clock):
        assert 0 <= clock.now - frame.timestamp_ns <= 500 * MS
        clock.now += 40 * MS


def test_it_says_what_the_recording_says(video):
    paced = PacedSource(open_source(video), HeldClock())
    assert (paced.live, paced.period_ns, paced.frame_count) == (True, 33_333_333, 90)
    assert paced.name == str(video)
    assert len(list(paced)) == 90
    assert paced.incomplete is None


def test_close_ends_it():
    paced = PacedSource(recording([0, 40, 80]), HeldClock())
    frames = iter(paced)
    next(frames)
    paced.close()
    assert list(frames) == []
