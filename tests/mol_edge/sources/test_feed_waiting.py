"""Which pictures wait for whoever computes, and which give way to newer ones."""

import numpy as np
import pytest

from mol_edge.health import HealthState as State
from mol_edge.sources.live_options import LiveOptions
from tests.mol_edge.live_sources import SECOND, make_feed, pictures, states, steps_of


def slow_reading(feed, clock, work_s, count):
    """Take so many frames, each of which costs some seconds in which the camera goes on."""
    frames, ages = [], []
    for frame in feed:
        until = clock.now + round(work_s(len(frames)) * 1e9)
        while (
            feed._supervisor._reader.next_ns is not None
            and feed._supervisor._reader.next_ns <= until
        ):
            feed.step()
        clock.now = until
        frames.append(frame)
        ages.append(feed.age_ms / 1e3)
        if len(frames) == count:
            return frames, ages


def test_whoever_is_too_slow_gets_the_newest_picture_and_the_rest_is_counted(clock):
    feed, _, _ = make_feed(clock, pictures(400))
    frames, ages = slow_reading(feed, clock, lambda number: 0.12, 100)
    assert max(ages) <= 0.12 + 0.05
    steps = np.diff([frame.index for frame in frames])
    assert set(steps) == {2, 3}
    assert 0 <= feed.frames - feed.dropped - len(frames) <= 5
    assert feed.age_ms == pytest.approx((clock.now - frames[-1].timestamp_ns) / 1e6)


def test_a_moment_of_delay_costs_no_picture_where_work_keeps_up(clock):
    feed, _, _ = make_feed(clock, pictures(400))

    def work_s(number):
        return 0.17 if number % 10 == 9 else 0.01

    frames, ages = slow_reading(feed, clock, work_s, 300)
    indices = [frame.index for frame in frames]
    # The first five are the newest alone, until it is known that work keeps up.
    assert indices == list(range(300))
    assert feed.dropped == 0
    assert max(ages) <= 0.17 + 0.05


def test_no_more_than_a_few_pictures_wait(clock):
    feed, _, _ = make_feed(clock, pictures(200))
    frames, ages = slow_reading(feed, clock, lambda n: 0.61 if n == 50 else 0.01, 100)
    assert frames[51].index == frames[50].index + 12 - 4
    assert feed.dropped == 7
    assert max(ages[51:]) <= 5 * 0.05 + 0.01
    assert np.all(np.diff([frame.index for frame in frames[51:]]) == 1)


def test_only_the_newest_waits_if_it_is_asked_for(clock):
    feed, _, _ = make_feed(clock, pictures(400), options=LiveOptions(waiting=1))
    frames, _ = slow_reading(feed, clock, lambda n: 0.17 if n % 10 == 9 else 0.01, 100)
    assert set(np.diff([frame.index for frame in frames])) == {1, 3}
    assert feed.dropped >= 18


def test_what_waits_for_us_loses_nothing(clock):
    feed, _, _ = make_feed(clock, pictures(5), drops=False)
    for _ in range(3):
        feed.step()
    assert feed.frames == 1  # The first one has not been taken.
    assert len(steps_of(feed, 1.5, clock)) == 5
    assert feed.dropped == 0


def test_time_in_which_nobody_takes_a_picture_is_no_stall(clock, monkeypatch):
    feed, _, told = make_feed(clock, pictures(5), drops=False)

    def busy(seconds):
        clock.now += 20 * SECOND
        return False

    feed.step()
    feed.step()
    with monkeypatch.context() as patch:
        patch.setattr(feed._mailbox, "wait_empty", busy)
        feed.step()
    assert len(steps_of(feed, 21.5, clock)) == 5
    assert states(told) == [State.RUNNING]


def test_options_overrule_what_the_kind_of_source_says(clock):
    every, _, _ = make_feed(clock, pictures(5), options=LiveOptions(drop=False))
    options = LiveOptions(drop=True, waiting=1)
    newest, _, _ = make_feed(clock, pictures(5), options=options, drops=False)
    for _ in range(6):
        newest.step()
    assert newest.dropped == 4
    for _ in range(3):
        every.step()
    assert every.frames == 1


def test_what_a_reader_lost_is_counted_as_dropped(clock):
    feed, script, _ = make_feed(clock, pictures(3), pictures(3))
    steps_of(feed, 1.5, clock)
    assert feed.frames == 3
    script.opened[0].overrun = 4
    assert (feed.frames, feed.dropped) == (7, 4)
    frames = steps_of(feed, 8, clock)
    script.opened[1].overrun = 2
    assert len(script.opened) == 2
    assert (feed.frames, feed.dropped) == (12, 6)
    assert [frame.index for frame in frames] == [7, 8, 9]
