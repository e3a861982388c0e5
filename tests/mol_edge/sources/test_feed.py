"""What a feed hands on, withholds and tells, and how it ends."""

import numpy as np
import pytest

from mol_edge.health import HealthState as State
from mol_edge.sources.connector import Connector
from mol_edge.sources.feed import LiveFeed
from tests.mol_edge.live_sources import (
    MS,
    SECOND,
    Script,
    make_feed,
    noise,
    pictures,
    states,
    steps_of,
)

BLACK = np.zeros((48, 64, 3), np.uint8)


def test_a_source_that_runs_gives_every_picture(clock):
    feed, _, told = make_feed(clock, pictures(40))
    frames = steps_of(feed, 3.0, clock)
    assert [frame.index for frame in frames] == list(range(40))
    assert [frame.timestamp_ns for frame in frames] == [SECOND + 50 * MS * n for n in range(1, 41)]
    assert np.array_equal(frames[7].image, noise(7))
    assert states(told) == [State.RUNNING]
    assert (feed.frames, feed.dropped, feed.withheld, feed.reconnects) == (40, 0, 0, 0)


def test_times_that_go_backward_are_handed_on_as_they_are(clock):
    times = [0, 50, 100, 20, 70, 120]
    steps = [(0.05, (noise(n), t * MS)) for n, t in enumerate(times)]
    feed, _, told = make_feed(clock, steps)
    frames = steps_of(feed, 1.5, clock)
    assert [frame.timestamp_ns // MS for frame in frames] == times
    assert [frame.index for frame in frames] == list(range(6))
    assert states(told) == [State.RUNNING]


def test_a_rate_that_jitters_between_5_and_60_per_second_is_running(clock):
    gaps = np.random.default_rng(3).uniform(1 / 60, 1 / 5, 200)
    feed, _, told = make_feed(clock, [(gap, noise(n)) for n, gap in enumerate(gaps)])
    frames = steps_of(feed, 1 + gaps.sum() + 0.1, clock)
    assert len(frames) == 200
    np.testing.assert_allclose(
        np.diff([frame.timestamp_ns for frame in frames]) / 1e9, gaps[1:], atol=1e-6
    )
    assert states(told) == [State.RUNNING]


def test_a_change_of_size_is_handed_on(clock):
    sizes = [(48, 64), (48, 64), (96, 128), (96, 128), (48, 64)]
    feed, _, told = make_feed(clock, [(0.05, noise(n, size)) for n, size in enumerate(sizes)])
    frames = steps_of(feed, 1.5, clock)
    assert [frame.image.shape[:2] for frame in frames] == sizes
    assert states(told) == [State.RUNNING]


def test_frozen_pictures_are_withheld_and_come_back(clock):
    same = [(0.05, noise(99))] * 100
    feed, script, told = make_feed(clock, [*pictures(10), *same, *pictures(10, first=200)])
    frames = steps_of(feed, 7.5, clock)
    assert states(told) == [State.RUNNING, State.FROZEN, State.RUNNING]
    # The first of them and those of 3 s were not known to be frozen yet.
    shown = [frame.index for frame in frames]
    assert shown == [*range(10 + 60), *range(110, 120)]
    assert feed.withheld == 40
    assert feed.frames == 120 == len(frames) + feed.withheld
    assert len(script.opened) == 1


def test_black_pictures_are_withheld_at_once_and_a_state_when_they_last(clock):
    feed, script, told = make_feed(
        clock, [*pictures(5), *[(0.05, BLACK)] * 400, *pictures(5, first=50)]
    )
    frames = steps_of(feed, 22, clock)
    assert states(told) == [State.RUNNING, State.BLACK, State.RUNNING]
    assert told[1].since_ns - told[0].since_ns == pytest.approx(0.75 * SECOND, abs=60 * MS)
    assert [frame.index for frame in frames] == [*range(5), *range(405, 410)]
    assert feed.withheld == 400
    # A covered lens is not mended by opening the camera anew.
    assert len(script.opened) == 1


def test_one_black_picture_is_no_state(clock):
    feed, _, told = make_feed(clock, [*pictures(5), (0.05, BLACK), *pictures(5, first=20)])
    assert len(steps_of(feed, 1.6, clock)) == 10
    assert states(told) == [State.RUNNING]


def test_close_ends_it_and_lets_the_source_go(clock):
    feed, script, told = make_feed(clock, pictures(100))
    while feed.frames < 3:
        feed.step()
    feed.close()
    feed.close()
    assert [frame.index for frame in feed] == [2]
    assert states(told) == [State.RUNNING, State.ENDED]
    assert told[-1].message == "camera 7 was closed."
    assert script.opened[0].closed


def test_a_thread_of_its_own_drives_it(clock):
    script = Script(clock, [*pictures(50), (0.01, "end")])
    connector = Connector("camera 7", script.open, drops=False, reopens=False, retries=False)
    feed, told = LiveFeed(connector, clock=clock), []
    feed.on_state = told.append
    with feed:
        assert [frame.index for frame in feed] == list(range(50))
    assert states(told) == [State.RUNNING, State.ENDED]


def test_a_fault_of_the_feed_itself_is_no_silence(clock, caplog):
    feed = LiveFeed(Connector("camera 7", Script(clock, pictures(5)).open), clock=clock)
    feed.on_state = lambda state: 1 / 0
    assert list(feed) == []
    assert feed.state.state is not State.CONNECTING
    assert "ZeroDivisionError" in caplog.text
