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
    ScriptedReader,
    make_feed,
    noise,
    pictures,
    states,
    steps_of,
)


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


def test_no_picture_after_opening_is_given_up(clock):
    feed, script, told = make_feed(clock, [], pictures(3))
    frames = steps_of(feed, 17.5, clock)
    assert states(told)[:2] == [State.RECONNECTING, State.RUNNING]
    assert told[0].message.startswith("camera 7 has given no picture for 15 s: ")
    assert len(frames) == 3


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


def test_pictures_too_small_for_a_face_are_a_fault_of_the_source(clock):
    feed, _, told = make_feed(clock, [(0.05, noise(0, (8, 8)))], pictures(3))
    assert len(steps_of(feed, 2, clock)) == 3
    assert states(told)[:2] == [State.RECONNECTING, State.RUNNING]
    assert "at least 16 x 16 pixels, and camera 7 has 8 x 8" in told[0].message


def test_a_source_that_stays_frozen_is_opened_anew(clock):
    frozen = [(0.05, noise(1))] * 400
    feed, script, told = make_feed(clock, [*pictures(4), *frozen], pictures(10, first=10))
    steps_of(feed, 15.5, clock)
    assert states(told) == [State.RUNNING, State.FROZEN, State.RECONNECTING, State.RUNNING]
    assert told[2].message.startswith("camera 7 has given the same picture for too long: ")
    assert told[2].since_ns - told[1].since_ns == pytest.approx(10 * SECOND, abs=60 * MS)


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


def test_a_source_that_was_tried_once_is_not_said_to_have_been_tried_again(clock):
    gone = InputError("camera 7 cannot be opened: check it.")
    feed, script, told = make_feed(clock, gone, options=LiveOptions(max_reconnects=0))
    assert steps_of(feed, 10, clock) == []
    assert told[-1].message == "camera 7 cannot be opened: check it."
    assert len(script.opened) == 1


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
