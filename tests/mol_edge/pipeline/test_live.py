"""A live run gives what a run gives, and nothing old."""

import threading

import numpy as np
import pytest

from mol_edge.errors import BusyError, InputError, OptionError
from mol_edge.health import HealthState as State
from mol_edge.live import LiveRun
from tests.mol_edge.live_runs import PATIENCE_S, Heard
from tests.mol_edge.live_sources import MS, HeldClock, make_feed, noise
from tests.mol_edge.pipeline.live_pipes import EACH_FRAME, steps
from tests.mol_edge.pipeline.toy_faces import sharp_pictures


def test_live_gives_what_run_gives(open_pipe):
    pipe = open_pipe(options=EACH_FRAME)
    shown = [(image, n * 50 * MS) for n, image in enumerate(sharp_pictures(24))]
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


@pytest.mark.parametrize("name", ["on_result", "on_event", "on_health", "options"])
def test_what_is_no_callback_and_no_option_is_refused_at_once(open_pipe, name):
    pipe = open_pipe(options=EACH_FRAME)
    with pytest.raises(OptionError, match=f"{name} must be .* got 3"):
        pipe.live([noise(0, (192, 256))], **{name: 3})
    assert len(list(pipe.run([noise(0, (192, 256))]))) == 1


def test_one_run_at_a_time_and_free_after_it(open_pipe):
    pipe = open_pipe(options=EACH_FRAME)
    gate = threading.Event()

    def waiting():
        yield noise(0, (192, 256))
        gate.wait(PATIENCE_S)

    with pipe.live(waiting(), "never"), pytest.raises(BusyError):
        pipe.live([noise(1)])
    gate.set()
    with pipe.live(sharp_pictures(3), "never") as run:
        assert run.wait(PATIENCE_S).results == 3
    with pytest.raises(InputError, match="There is no file or folder"):
        pipe.live("/nothing.mp4")
    assert len(list(pipe.run(sharp_pictures(3), "never"))) == 3


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
    pipe = open_pipe(options=EACH_FRAME)
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
