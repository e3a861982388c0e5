"""What a live run calls, and how it ends."""

import gc
import logging
import os
import subprocess
import sys
import threading

import pytest

from mol_edge.errors import DeviceError, InputError, OptionError
from mol_edge.health import HealthState as State
from mol_edge.live import LiveRun
from mol_edge.results import FrameResult
from mol_edge.run import Run
from mol_edge.sources.connect import open_live
from mol_edge.sources.live_options import LiveOptions
from tests.mol_edge.conftest import DEMO
from tests.mol_edge.live_runs import PATIENCE_S, Heard, follow, plain_run
from tests.mol_edge.live_sources import MS, HeldClock, make_feed, noise, pictures


def test_results_events_and_health_come_in_order():
    heard = Heard()
    with follow([noise(n) for n in range(5)], heard, events={2: ("a", "b"), 4: ("c",)}) as run:
        health = run.wait(PATIENCE_S)
    assert heard.calls[0] == ("health", State.CONNECTING)
    assert heard.calls[-1] == ("health", State.ENDED)
    assert [call for call in heard.calls if call[0] != "health"] == [
        ("result", 0),
        ("result", 1),
        ("event", "a"),
        ("event", "b"),
        ("result", 2),
        ("result", 3),
        ("event", "c"),
        ("result", 4),
    ]
    assert heard.states == [State.CONNECTING, State.RUNNING, State.ENDED]
    assert (health.state, health.frames, health.results, health.dropped) == (State.ENDED, 5, 5, 0)
    assert health.message == "frames has ended."


def test_results_carry_their_age():
    clock = HeldClock()
    feed, _, _ = make_feed(clock, pictures(3), drops=False)

    def results():
        for frame in feed:
            clock.now += 123 * MS
            yield frame, FrameResult(frame.index, frame.timestamp_ns)
            if frame.index == 2:
                feed.close()

    heard = Heard()
    run = LiveRun(Run(feed, results(), lambda: None), feed, **heard.all)
    # A picture comes each 50 ms and waits while the one before is worked on.
    ages = [123, 123 + 73, 123 + 2 * 73]
    assert run.wait(PATIENCE_S).age_ms == pytest.approx(ages[-1])
    assert [result.age_ms for result in heard.results] == pytest.approx(ages)
    assert heard.health[0].age_ms is None


def test_states_are_logged(caplog):
    with caplog.at_level(logging.INFO, "mol_edge"):
        follow([noise(0)], Heard()).wait(PATIENCE_S)
    assert "running: frames gives pictures." in caplog.text
    assert "ended: frames has ended." in caplog.text


def test_callbacks_that_raise_are_logged_and_counted_and_stop_nothing(caplog):
    heard = Heard()

    def broken(value):
        heard.calls.append(value)
        raise RuntimeError("of the caller's")

    feed = open_live([noise(n) for n in range(40)])
    run = LiveRun(plain_run(feed, events={1: ("e",)}), feed, broken, broken, broken)
    health = run.wait(PATIENCE_S)
    assert (health.state, health.results) == (State.ENDED, 40)
    # 40 results, an event, and connecting, running, ended.
    assert health.callback_errors == len(heard.calls) == 44
    told = [record.message for record in caplog.records if "caller's" in record.message]
    assert len([text for text in told if text == "A function of the caller's raised."]) == 3
    assert any("have raised 32 times: RuntimeError" in text for text in told)
    assert len(told) == 3 + 4


def test_an_exit_that_a_function_asks_for_is_logged_and_ends_nothing(caplog):
    def leave(value):
        sys.exit("of the caller's")

    feed = open_live([noise(n) for n in range(3)])
    health = LiveRun(plain_run(feed), feed, leave, None, leave).wait(PATIENCE_S)
    assert (health.state, health.results, health.callback_errors) == (State.ENDED, 3, 6)
    assert caplog.text.count("SystemExit: of the caller's") == 3


def test_an_exit_within_the_pipeline_is_an_error_that_wait_raises():
    def results():
        for _ in feed:
            sys.exit(7)
        yield

    feed = open_live([noise(0)])
    run = LiveRun(Run(feed, results(), lambda: None), feed)
    with pytest.raises(SystemExit, match="7"):
        run.wait(PATIENCE_S)
    assert (run.health.state, run.health.message) == (State.FAILED, "SystemExit: 7")


@pytest.mark.parametrize("timeout_s", [-1, float("nan"), float("inf"), 1e12, "3", True])
def test_what_is_no_time_to_wait_for_is_refused(timeout_s):
    run = follow([noise(0)], Heard())
    for call in (run.wait, run.close):
        with pytest.raises(OptionError, match="timeout_s must be None or seconds from 0, got "):
            call(timeout_s)
    assert run.wait(PATIENCE_S).state is State.ENDED


def test_an_error_of_the_pipeline_fails_the_run_and_wait_raises_it():
    heard = Heard()
    run = follow([noise(n) for n in range(9)], heard, raises=3)
    with pytest.raises(DeviceError, match="The device is gone"):
        run.wait(PATIENCE_S)
    assert heard.health[-1].state is State.FAILED
    assert heard.health[-1].message == "The device is gone: plug it in."
    assert len(heard.results) == 3
    run.close()


def test_a_source_that_fails_fails_the_run():
    def gone():
        raise InputError("No camera: plug it in.")

    heard = Heard()
    run = follow(gone, heard, LiveOptions(max_reconnects=2, backoff_s=0.01))
    with pytest.raises(InputError, match="No camera: plug it in, after 2 attempts"):
        run.wait(PATIENCE_S)
    assert heard.states == [State.CONNECTING, *[State.RECONNECTING] * 2, State.FAILED]
    assert run.health.reconnects == 2


def test_close_hands_over_the_result_in_hand_and_ends(monkeypatch):
    heard, taken, go_on, let_go = Heard(), *(threading.Event() for _ in range(3))
    in_hand = []

    def endless():
        number = 0
        while True:
            yield noise(number)
            number += 1

    def slow(result):
        in_hand.append(result)
        taken.set()
        go_on.wait(PATIENCE_S)
        heard.on_result(result)

    feed = open_live(endless)
    run = LiveRun(plain_run(feed), feed, slow, None, heard.on_health)
    assert taken.wait(PATIENCE_S)
    close_feed = feed.close
    monkeypatch.setattr(feed, "close", lambda: (close_feed(), let_go.set()))
    closer = threading.Thread(target=run.close)
    closer.start()
    # Else more than the result in hand may be taken before the source is let go of.
    assert let_go.wait(PATIENCE_S)
    assert heard.results == []
    go_on.set()
    closer.join(PATIENCE_S)
    assert heard.results[0] is in_hand[0]
    # What waited when it was closed is still handed over.
    assert len(heard.results) <= 2
    assert run.health.state is State.ENDED
    assert heard.states[-1] is State.ENDED
    assert run.wait(0).message == "endless was closed."


@pytest.mark.parametrize("where", ["on_result", "on_health"])
def test_a_run_may_be_closed_by_what_it_calls(where):
    closed = []
    ready = threading.Event()

    def close(value):
        if getattr(value, "state", None) is not State.CONNECTING and not closed:
            assert ready.wait(PATIENCE_S)
            closed.append(1)
            run.close()

    def endless():
        while True:
            yield noise(1)

    feed = open_live(endless)
    run = LiveRun(plain_run(feed), feed, **{**Heard().all, where: close})
    ready.set()
    assert run.wait(PATIENCE_S).state is State.ENDED
    assert closed == [1]


def test_a_callback_that_never_returns_does_not_hang_close(caplog):
    gate, entered = threading.Event(), threading.Event()

    def stuck(result):
        entered.set()
        gate.wait(PATIENCE_S)

    feed = open_live([noise(0), noise(1)])
    run = LiveRun(plain_run(feed), feed, stuck)
    assert entered.wait(PATIENCE_S)
    run.close(timeout_s=0.05)
    assert "the result in hand has not come in time" in caplog.text
    gate.set()
    run.wait(PATIENCE_S)


def test_threads_and_files_do_not_grow():
    def once():
        follow([noise(n) for n in range(3)], Heard()).wait(PATIENCE_S)

    once()
    gc.collect()
    threads, files = threading.active_count(), len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        once()
    assert threading.active_count() <= threads + 2
    assert len(os.listdir("/proc/self/fd")) == files


def test_a_program_that_forgets_to_close_ends_and_leaves_no_process():
    program = f"""
import threading
from mol_edge.live import LiveRun
from mol_edge.results import FrameResult
from mol_edge.run import Run
from mol_edge.sources.connect import open_live
feed = open_live({str(DEMO)!r})
seen = threading.Event()
def results():
    for frame in feed:
        yield frame, FrameResult(frame.index, frame.timestamp_ns)
run = LiveRun(Run(feed, results(), lambda: None), feed, lambda result: seen.set())
seen.wait(60)
print(feed._supervisor._reader._process.pid, flush=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert not os.path.exists(f"/proc/{int(done.stdout)}")
