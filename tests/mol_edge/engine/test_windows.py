"""Which frames a window takes, at any rate of the camera."""

import numpy as np
import pytest

from mol_edge.engine import Engine
from mol_edge.results import WindowState
from tests.mol_edge.engine.toy_engine import MS, PERIOD, Counting, expected_logits, options, push


def test_windows_of_several_lengths_share_features(ort, crops):
    counting = Counting(ort)
    engine = Engine(counting, options(windows_ms=(200, 350, 500), flow="never"), 1_000 * MS // 60)
    outputs = [push(engine, crops, at, at * 1e9 / 60) for at in range(50)]
    for window, step in zip(outputs[-1].windows, (2, 3, 4)):
        assert window.samples == tuple(range(49 - 7 * step, 50, step))
        np.testing.assert_allclose(window.logits, expected_logits(crops, window.samples), atol=2e-5)
    counting.counts.clear()
    push(engine, crops, 50, 50 * 1e9 / 60)
    assert counting.counts == {"features": 1, "head": 3}


def test_a_camera_of_15_fps_serves_a_longer_window_only(ort, crops):
    engine = Engine(ort, options(windows_ms=(350, 500), flow="never"))
    outputs = [push(engine, crops, at, at * 1e9 / 15) for at in range(10)]
    assert [o.windows[0].state for o in outputs[1:]] == [WindowState.CAMERA_TOO_SLOW] * 9
    assert [o.windows[1].state for o in outputs[7:]] == [WindowState.READY] * 3
    assert outputs[-1].windows[1].span_ns == round(7 * 1e9 / 15)


@pytest.mark.parametrize("fps", [24, 29.97, 60, 90, 120, 144, 200, 240])
def test_any_camera_gives_a_window_near_the_one_wanted(ort, crops, fps):
    engine = Engine(ort, options(flow="never"))
    for at in range(round(fps * 0.6)):
        window = push(engine, crops, at, at * 1e9 / fps).windows[0]
    assert window.state is WindowState.READY
    assert 350 / 1.42 < window.span_ns / MS < 350 * 1.42
    assert window.jitter_ns < 100
    np.testing.assert_allclose(window.logits, expected_logits(crops, window.samples), atol=2e-5)


def test_uneven_timestamps_give_the_nearest_frames_and_the_jitter(ort, crops):
    random = np.random.default_rng(4)
    times = np.arange(200) * 1e9 / 60 + random.uniform(-3, 3, 200) * MS
    kept = [at for at in range(200) if random.uniform() > 0.1]
    engine = Engine(ort, options(flow="never"))
    dropped = 0
    for at in kept:
        window = push(engine, crops, at, times[at]).windows[0]
        if window.state is not WindowState.READY:
            continue
        assert len(set(window.samples)) == 8
        stamps = times[list(window.samples)]
        assert window.span_ns == pytest.approx(stamps[-1] - stamps[0], abs=2)
        even = stamps[-1] - np.arange(7, -1, -1) * engine.cadence.scales[0].spacing_ns
        assert window.jitter_ns == pytest.approx(np.abs(even - stamps).max(), abs=2)
        assert window.jitter_ns < 25 * MS
        missing = window.samples[-1] - window.samples[0] + 1
        missing -= sum(window.samples[0] <= each <= window.samples[-1] for each in kept)
        assert abs(window.dropped - missing) <= 1
        dropped += window.dropped
        np.testing.assert_allclose(window.logits, expected_logits(crops, window.samples), atol=2e-5)
    assert engine.cadence.scales[0].step == 3
    assert dropped > 100


def test_the_step_follows_a_camera_that_changes(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    time = 0
    for i in range(120):
        time += PERIOD if i < 20 else PERIOD // 2
        window = push(engine, crops, i, time).windows[0]
    assert engine.cadence.scales[0].step == 2
    assert window.samples == tuple(range(105, 120, 2))
    np.testing.assert_allclose(window.logits, expected_logits(crops, window.samples), atol=2e-5)


def test_indices_that_repeat_do_not_mix_windows(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    for i in range(12):
        (output,) = engine.push(crops[i][np.newaxis], [0], i * PERIOD, 0)
    assert output.windows[0].samples == (0,) * 8
    wanted = expected_logits(crops, range(4, 12))
    np.testing.assert_allclose(output.windows[0].logits, wanted, atol=2e-5)
