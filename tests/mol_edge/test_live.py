"""Live runs: callbacks, endings, faults of the source by a held clock, and bounded age."""

import gc
import logging
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from mol_edge.errors import BusyError, DeviceError, InputError
from mol_edge.faces import Detection
from mol_edge.health import HealthState as State
from mol_edge.live import LiveRun
from mol_edge.options import PipelineOptions
from mol_edge.pipeline import Pipeline
from mol_edge.results import FrameResult
from mol_edge.run import Run
from mol_edge.sources import SourceOptions
from mol_edge.sources.connect import open_live
from mol_edge.sources.live_options import LiveOptions
from mol_edge.track_options import TrackOptions
from tests.mol_edge.conftest import DEMO
from tests.mol_edge.live_sources import MS, HeldClock, make_feed, noise, pictures

POINTS = np.array([[60, 60], [100, 60], [80, 80], [65, 100], [95, 100.0]])
PATIENCE_S = 60


def face_at(shift=0.0, size=80.0):
    return Detection((40.0 + shift, 40.0, size, size), POINTS + [shift, 0], 0.9)


def images(count, size=(192, 256)):
    """Sharp pictures that all differ."""
    random = np.random.default_rng(5)
    rows, columns = (side // 16 for side in size)
    smooth = random.integers(40, 200, (count, rows, columns, 3)).astype(np.uint8)
    return [np.repeat(np.repeat(image, 16, 0), 16, 1) for image in smooth]


class Heard:
    """What a live run called, in order."""

    def __init__(self):
        self.calls = []
        self.results, self.events, self.health = [], [], []

    def on_result(self, result):
        self.calls.append(("result", result.index))
        self.results.append(result)

    def on_event(self, event):
        self.calls.append(("event", event))
        self.events.append(event)

    def on_health(self, health):
        self.calls.append(("health", health.state))
        self.health.append(health)

    @property
    def states(self):
        return [health.state for health in self.health]

    @property
    def all(self):
        return {
            "on_result": self.on_result,
            "on_event": self.on_event,
            "on_health": self.on_health,
        }


def plain_run(feed, events=None, raises=None):
    """A run whose results are empty but for the events given by frame index."""

    def results():
        for frame in feed:
            if frame.index == raises:
                raise DeviceError("The device is gone: plug it in.")
            found = (events or {}).get(frame.index, ())
            yield frame, FrameResult(frame.index, frame.timestamp_ns, events=found)

    return Run(feed, results(), lambda: None)


def follow(source, heard, options=None, **settings):
    feed = open_live(source, options)
    return LiveRun(plain_run(feed, **settings), feed, **heard.all)


# ------------------------------------------------------------------------- callbacks and endings


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


def test_close_hands_over_the_result_in_hand_and_ends():
    heard, taken, go_on = Heard(), threading.Event(), threading.Event()
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
    closer = threading.Thread(target=run.close)
    closer.start()
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


# ------------------------------------------------------------------------------- the real pipeline


class Scripted:
    name = "scripted"

    def __init__(self, script=lambda index: [face_at()]):
        self.script = script

    def detect(self, frame):
        return self.script(frame.index)


@pytest.fixture
def open_pipe(toy):
    opened = []

    def make(script=lambda index: [face_at()], max_faces=1):
        options = PipelineOptions(
            source=SourceOptions(fps=20), track=TrackOptions(max_faces=max_faces, detect_ms=0)
        )
        opened.append(Pipeline(toy, "onnxruntime", Scripted(script), options))
        return opened[-1]

    yield make
    for pipe in opened:
        pipe.close()


def live_by_hand(pipe, clock, *openings, until_s=1000.0, options=None, **connector):
    """A live run of scripts, driven by the clock that the test holds; what it called."""
    feed, _, _ = make_feed(clock, *openings, options=options, **connector)
    clock.at(until_s, feed.close)
    heard = Heard()
    run = LiveRun(pipe.run(feed, "never"), feed, **heard.all)
    assert run.wait(PATIENCE_S).state.final
    return heard, run


def steps(shown, period_s=0.05):
    return [(period_s, image) for image in shown]


def test_live_gives_what_run_gives(open_pipe):
    pipe = open_pipe()
    shown = [(image, n * 50 * MS) for n, image in enumerate(images(24))]
    expected = list(pipe.run(shown, "never"))
    heard = Heard()
    with pipe.live(shown, "never", **heard.all) as run:
        assert run.wait(PATIENCE_S).state is State.ENDED
    assert len(heard.results) == len(expected) == 24
    for got, wanted in zip(heard.results, expected, strict=True):
        assert (got.index, got.timestamp_ns) == (wanted.index, wanted.timestamp_ns)
        assert got.age_ms >= 0
        (a,), (b,) = got.faces, wanted.faces
        assert a.window_state is b.window_state
        if b.window is not None:
            np.testing.assert_array_equal(a.window.logits, b.window.logits)
    assert sum(result.faces[0].window is not None for result in heard.results) >= 10


def test_one_run_at_a_time_and_free_after_it(open_pipe):
    pipe = open_pipe()
    gate = threading.Event()

    def waiting():
        yield noise(0, (192, 256))
        gate.wait(PATIENCE_S)

    with pipe.live(waiting(), "never"), pytest.raises(BusyError):
        pipe.live([noise(1)])
    gate.set()
    with pipe.live(images(3), "never") as run:
        assert run.wait(PATIENCE_S).results == 3
    with pytest.raises(InputError, match="There is no file or folder"):
        pipe.live("/nothing.mp4")
    assert len(list(pipe.run(images(3), "never"))) == 3


def test_a_hang_an_end_and_an_exception_lose_no_other_result(open_pipe):
    clock = HeldClock()
    shown = images(40)
    heard, run = live_by_hand(
        open_pipe(),
        clock,
        steps(shown[:10]),
        [*steps(shown[10:20]), (0.01, "end")],
        [*steps(shown[20:30]), (0.01, OSError("unplugged"))],
        steps(shown[30:]),
        until_s=11.2,
    )
    assert heard.states == [
        State.CONNECTING,
        State.RUNNING,
        *(State.STALLED, State.RECONNECTING, State.RUNNING),
        *(State.RECONNECTING, State.RUNNING),
        *(State.RECONNECTING, State.RUNNING),
        State.ENDED,
    ]
    assert [result.index for result in heard.results] == list(range(40))
    assert (run.health.frames, run.health.results, run.health.reconnects) == (40, 40, 3)
    # No window spans an outage.
    with_window = [r.index for r in heard.results if r.faces[0].window is not None]
    assert all(index % 10 >= 7 for index in with_window)
    assert len(with_window) >= 4


def test_frozen_and_black_pictures_give_no_results(open_pipe):
    clock = HeldClock()
    shown = images(30)
    black = np.zeros_like(shown[0])
    heard, run = live_by_hand(
        open_pipe(),
        clock,
        [
            *steps(shown[:10]),
            *steps([shown[9]] * 80),
            *steps(shown[10:20]),
            *steps([black] * 40),
            *steps(shown[20:]),
        ],
        until_s=9.0,
    )
    assert heard.states == [
        *(State.CONNECTING, State.RUNNING, State.FROZEN, State.RUNNING),
        *(State.BLACK, State.RUNNING, State.ENDED),
    ]
    frozen_from = 9 + 60
    expected = [*range(frozen_from), *range(90, 100), *range(140, 150)]
    assert [result.index for result in heard.results] == expected
    assert run.health.withheld == 150 - len(expected)


def test_time_that_goes_backward_begins_a_new_segment(open_pipe):
    clock = HeldClock()
    times = [n * 50 * MS for n in range(12)] + [n * 50 * MS for n in range(4, 16)]
    shown = [(0.05, (image, time)) for image, time in zip(images(24), times, strict=True)]
    heard, _ = live_by_hand(open_pipe(), clock, shown, until_s=2.5)
    assert [result.timestamp_ns for result in heard.results] == times
    faces = [result.faces[0] for result in heard.results]
    assert faces[12].new_segment is not None
    assert "backward" in str(getattr(faces[12].new_segment, "value", faces[12].new_segment))
    assert all(min(face.window.samples) >= 12 for face in faces[12:] if face.window is not None)
    assert faces[-1].window is not None
    assert State.RECONNECTING not in heard.states


def test_a_rate_that_jitters_between_5_and_60_gives_every_result(open_pipe):
    clock = HeldClock()
    gaps = np.random.default_rng(3).uniform(1 / 60, 1 / 5, 60)
    shown = [(gap, image) for gap, image in zip(gaps, images(60), strict=True)]
    heard, run = live_by_hand(open_pipe(), clock, shown, until_s=1.05 + gaps.sum())
    assert [result.index for result in heard.results] == list(range(60))
    assert run.health.dropped == 0
    assert heard.states[:2] == [State.CONNECTING, State.RUNNING]


def test_a_change_of_size_begins_a_new_segment_and_goes_on(open_pipe):
    clock = HeldClock()
    shown = [*images(12), *images(12, (288, 384)), *images(12)]
    heard, _ = live_by_hand(open_pipe(), clock, steps(shown), until_s=2.9)
    assert [result.index for result in heard.results] == list(range(36))
    windows = [
        result.faces[0].window.samples
        for result in heard.results
        if result.faces and result.faces[0].window is not None
    ]
    assert len(windows) >= 9
    for samples in windows:
        assert samples[0] // 12 == samples[-1] // 12


def test_a_face_leaves_and_returns_and_the_stream_stays_running(open_pipe):
    clock = HeldClock()
    gone = range(12, 45)
    pipe = open_pipe(lambda index: [] if index in gone else [face_at()])
    still = images(1)[0]
    shown = [noise_on(still, number) for number in range(70)]
    heard, run = live_by_hand(pipe, clock, steps(shown), until_s=4.6)
    assert [result.index for result in heard.results] == list(range(70))
    with_window = [
        r.index for r in heard.results if any(face.window is not None for face in r.faces)
    ]
    assert with_window[0] < 12
    assert any(index > 45 for index in with_window)
    assert not any(index in range(14, 45) for index in with_window)
    assert State.RECONNECTING not in heard.states


def noise_on(image, seed):
    spread = np.random.default_rng(seed).integers(0, 3, image.shape)
    return (image + spread).astype(np.uint8)


def test_a_second_face_enters_and_the_first_loses_nothing(open_pipe):
    clock = HeldClock()
    still = images(1, (192, 512))[0]

    def script(index):
        return [face_at(), *([face_at(200, 70)] if index >= 20 else [])]

    shown = [noise_on(still, number) for number in range(50)]
    alone, _ = live_by_hand(open_pipe(), HeldClock(), steps(shown), until_s=3.6)
    heard, _ = live_by_hand(open_pipe(script, max_faces=2), clock, steps(shown), until_s=3.6)
    assert [len(result.faces) for result in heard.results][:20] == [1] * 20
    assert [len(result.faces) for result in heard.results][-10:] == [2] * 10
    first = heard.results[0].faces[0].track_id
    for got, wanted in zip(heard.results, alone.results, strict=True):
        (a,) = [face for face in got.faces if face.track_id == first]
        (b,) = wanted.faces
        assert (a.window is None) == (b.window is None)
        if a.window is not None:
            np.testing.assert_allclose(a.window.logits, b.window.logits, atol=1e-4)


class Slow:
    """A backend that takes its time, by a clock, while the camera goes on."""

    def __init__(self, backend, feed, script, clock, seconds):
        self.backend, self.feed, self.script = backend, feed, script
        self.clock, self.seconds = clock, seconds

    def __getattr__(self, name):
        return getattr(self.backend, name)

    def _delay(self, graph):
        if graph != "features":
            return
        until = self.clock.now + round(self.seconds * 1e9)
        (reader,) = self.script.opened
        while reader.next_ns is not None and reader.next_ns <= until and not reader.closed:
            self.feed.step()
        self.clock.now = until

    def run(self, graph, *inputs):
        self._delay(graph)
        return self.backend.run(graph, *inputs)

    def run_into(self, graph, *arrays):
        self._delay(graph)
        return self.backend.run_into(graph, *arrays)


@pytest.mark.parametrize("seconds", [0.01, 0.1, 0.5])
def test_the_age_of_the_newest_result_stays_bounded_when_the_backend_is_slow(open_pipe, seconds):
    clock = HeldClock()
    pipe = open_pipe()
    period_s = 1 / 30
    shown = [noise(n, (192, 256)) for n in range(30)]
    feed, script, _ = make_feed(clock, steps(shown * 5, period_s))
    pipe.backend = Slow(pipe.backend, feed, script, clock, seconds)
    clock.at(5, feed.close)
    heard = Heard()
    run = LiveRun(pipe.run(feed, "never"), feed, **heard.all)
    health = run.wait(PATIENCE_S)
    assert health.state is State.ENDED
    ages = [result.age_ms / 1e3 for result in heard.results]
    assert max(ages) <= 2 * period_s + seconds
    assert 119 <= health.frames <= 121 + 30 * seconds
    assert len(heard.results) >= 3.9 / max(period_s, seconds)
    assert 0 <= health.frames - health.dropped - health.results <= 1
    assert np.all(np.diff([result.index for result in heard.results]) >= 1)
    if seconds == 0.01:
        assert health.dropped == 0


def test_states_are_logged(caplog):
    with caplog.at_level(logging.INFO, "mol_edge"):
        follow([noise(0)], Heard()).wait(PATIENCE_S)
    assert "running: frames gives pictures." in caplog.text
    assert "ended: frames has ended." in caplog.text
