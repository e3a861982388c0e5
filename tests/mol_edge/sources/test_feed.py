"""Every fault of a source ends in its documented state, and the source comes back from it."""

import numpy as np
import pytest

from mol_edge.errors import InputError
from mol_edge.health import HealthState as State
from mol_edge.sources.connector import Connector
from mol_edge.sources.feed import LiveFeed
from mol_edge.sources.live_options import LiveOptions
from tests.mol_edge.live_sources import (
    MS,
    SECOND,
    HeldClock,
    Script,
    ScriptedReader,
    make_feed,
    noise,
    pictures,
    steps_of,
)

BLACK = np.zeros((48, 64, 3), np.uint8)


@pytest.fixture
def clock():
    return HeldClock()


def states(told):
    return [state.state for state in told]


def test_a_source_that_runs_gives_every_picture(clock):
    feed, _, told = make_feed(clock, pictures(40))
    frames = steps_of(feed, 3.0, clock)
    assert [frame.index for frame in frames] == list(range(40))
    assert [frame.timestamp_ns for frame in frames] == [SECOND + 50 * MS * n for n in range(1, 41)]
    assert np.array_equal(frames[7].image, noise(7))
    assert states(told) == [State.RUNNING]
    assert (feed.frames, feed.dropped, feed.withheld, feed.reconnects) == (40, 0, 0, 0)


def test_a_hang_is_first_stalled_then_reconnected(clock):
    feed, script, told = make_feed(clock, pictures(10), pictures(10, first=100))
    frames = steps_of(feed, 8.0, clock)
    assert states(told) == [State.RUNNING, State.STALLED, State.RECONNECTING, State.RUNNING]
    last_ns = SECOND + 500 * MS
    assert told[1].since_ns == pytest.approx(last_ns + SECOND, abs=200 * MS)
    assert told[2].since_ns == pytest.approx(last_ns + 5 * SECOND, abs=200 * MS)
    assert told[2].message == (
        "camera 7 has given no picture for 5 s: attempt 1 of 30 follows in 0.5 s."
    )
    assert [frame.index for frame in frames] == list(range(20))
    assert feed.reconnects == 1
    assert script.opened[0].closed
    assert not script.opened[1].closed


def test_a_stall_that_passes_needs_no_reconnect(clock):
    late = [(3.0, noise(50)), *pictures(5, first=60)]
    feed, script, told = make_feed(clock, [*pictures(5), *late])
    frames = steps_of(feed, 5.0, clock)
    assert states(told) == [State.RUNNING, State.STALLED, State.RUNNING]
    assert len(frames) == 11
    assert len(script.opened) == 1


def test_the_end_of_a_camera_is_a_reconnect(clock):
    feed, _, told = make_feed(clock, [*pictures(4), (0.01, "end")], pictures(4, first=10))
    frames = steps_of(feed, 2.5, clock)
    assert states(told) == [State.RUNNING, State.RECONNECTING, State.RUNNING]
    assert told[1].message.startswith("camera 7 has ended: attempt 1 of 30 follows in ")
    assert [frame.index for frame in frames] == list(range(8))


def test_the_end_of_a_recording_is_its_end(clock):
    feed, _, told = make_feed(clock, [*pictures(4), (0.01, "end")], reopens=False, retries=False)
    assert len(steps_of(feed, 9, clock)) == 4
    assert states(told) == [State.RUNNING, State.ENDED]
    assert told[-1].message == "camera 7 has ended."


def test_an_exception_is_a_reconnect_and_says_what_it_was(clock):
    feed, script, told = make_feed(
        clock, [*pictures(3), (0.01, OSError("no such device"))], pictures(3, first=10)
    )
    frames = steps_of(feed, 2, clock)
    assert states(told)[:3] == [State.RUNNING, State.RECONNECTING, State.RUNNING]
    assert told[1].message.startswith("OSError: no such device: attempt 1 of 30")
    assert len(frames) == 6
    assert script.opened[0].closed


def test_a_source_that_cannot_be_opened_is_tried_again_ever_less_often(clock):
    gone = InputError("camera 7 cannot be opened: check it.")
    feed, script, told = make_feed(clock, gone, gone, gone, gone, pictures(3))
    frames = steps_of(feed, 30, clock)
    assert states(told)[:5] == [State.RECONNECTING] * 4 + [State.RUNNING]
    assert len(frames) >= 3
    pauses = np.diff([state.since_ns for state in told[:4]]) / 1e9
    for pause, most in zip(pauses, (0.5, 1.0, 2.0), strict=True):
        assert most / 2 <= pause <= most + 1e-6
    assert "attempt 4 of 30" in told[3].message


def test_after_too_many_attempts_it_has_failed(clock):
    gone = InputError("camera 7 cannot be opened: check it.")
    options = LiveOptions(max_reconnects=3)
    feed, script, told = make_feed(clock, gone, options=options)
    assert steps_of(feed, 1000, clock) == []
    assert states(told) == [State.RECONNECTING] * 3 + [State.FAILED]
    assert told[-1].message == "camera 7 cannot be opened: check it, after 3 attempts."
    assert len(script.opened) == 4


def test_without_a_limit_it_tries_for_ever_with_bounded_pauses(clock):
    feed, script, _ = make_feed(
        clock, OSError("gone"), options=LiveOptions(max_reconnects=None, backoff_most_s=8)
    )
    steps_of(feed, 3600, clock)
    assert feed.state.state is State.RECONNECTING
    assert 3600 / 8 < len(script.opened) < 3600 / 4 + 10


def test_failures_are_forgotten_only_when_it_has_run_steadily(clock):
    brief = [*pictures(2), (0.01, "end")]
    steady = [*pictures(200), (0.01, "end")]
    feed, _, told = make_feed(clock, brief, brief, steady, brief, pictures(1))
    steps_of(feed, 20, clock)
    attempts = [
        state.message.split("attempt ")[1][:1] for state in told if "attempt" in state.message
    ]
    assert attempts[:4] == ["1", "2", "1", "2"]


def test_no_picture_after_opening_is_given_up(clock):
    feed, script, told = make_feed(clock, [], pictures(3))
    frames = steps_of(feed, 17.5, clock)
    assert states(told)[:2] == [State.RECONNECTING, State.RUNNING]
    assert told[0].message.startswith("camera 7 has given no picture for 15 s: ")
    assert len(frames) == 3


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


def test_a_source_that_stays_frozen_is_opened_anew(clock):
    frozen = [(0.05, noise(1))] * 400
    feed, script, told = make_feed(clock, [*pictures(4), *frozen], pictures(10, first=10))
    steps_of(feed, 15.5, clock)
    assert states(told) == [State.RUNNING, State.FROZEN, State.RECONNECTING, State.RUNNING]
    assert told[2].message.startswith("camera 7 has given the same picture for too long: ")
    assert told[2].since_ns - told[1].since_ns == pytest.approx(10 * SECOND, abs=60 * MS)


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


def test_pictures_too_small_for_a_face_are_a_fault_of_the_source(clock):
    feed, _, told = make_feed(clock, [(0.05, noise(0, (8, 8)))], pictures(3))
    assert len(steps_of(feed, 2, clock)) == 3
    assert states(told)[:2] == [State.RECONNECTING, State.RUNNING]
    assert "at least 16 x 16 pixels, and camera 7 has 8 x 8" in told[0].message


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


def test_an_iterator_goes_on_after_an_exception_and_fails_if_it_cannot(clock):
    feed, _, told = make_feed(
        clock, [*pictures(2), (0.01, ValueError("x"))], pictures(2, first=5), reopens=False
    )
    assert len(steps_of(feed, 3, clock)) == 4
    assert states(told)[:3] == [State.RUNNING, State.RECONNECTING, State.RUNNING]
    feed, _, told = make_feed(
        clock, [*pictures(2), (0.01, ValueError("x"))], [(0.0, "end")], reopens=False
    )
    assert len(steps_of(feed, 1000, clock)) == 2
    assert states(told) == [State.RUNNING, State.RECONNECTING, State.FAILED]
    assert told[-1].message == "ValueError: x."


def test_a_recording_that_cannot_be_read_on_has_failed(clock):
    feed, _, told = make_feed(
        clock, [*pictures(2), (0.01, OSError("x"))], reopens=False, retries=False
    )
    steps_of(feed, 9, clock)
    assert states(told) == [State.RUNNING, State.FAILED]
    assert told[-1].message == "OSError: x."


def test_what_cannot_be_opened_anew_stays_stalled(clock):
    feed, script, told = make_feed(clock, pictures(2), reopens=False)
    steps_of(feed, 100, clock)
    assert states(told) == [State.RUNNING, State.STALLED]
    assert len(script.opened) == 1


def test_readers_that_hang_are_bounded(clock):
    class Hanging(ScriptedReader):
        hanging = True

    readers = []

    def open_():
        readers.append(Hanging(clock, iter(pictures(1))))
        return readers[-1]

    feed = LiveFeed(Connector("camera 7", open_), LiveOptions(max_reconnects=None), clock)
    steps_of(feed, 10_000, clock)
    assert feed.state.state is State.FAILED
    assert len(readers) == 5
    assert feed.state.message == (
        "camera 7 has given no picture for 5 s, and 5 readers of it hang: restart this program."
    )


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
