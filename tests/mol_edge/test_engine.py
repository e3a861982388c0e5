from collections import Counter

import numpy as np
import pytest

from mol_edge.backends import open_backend
from mol_edge.engine import StreamEngine, run_clip
from mol_edge.results import WindowState

toy_bundle = pytest.importorskip("tests.toy_bundle", reason="needs the package onnx")

MS = 1_000_000
PERIOD = 50 * MS


class Counting:
    """A real backend that counts the frames each graph was run on."""

    def __init__(self, backend):
        self.backend, self.counts = backend, Counter()

    def run(self, graph, inputs):
        raise AssertionError("the engine keeps its arrays")

    def run_into(self, graph, inputs, outputs):
        self.counts[graph] += len(next(iter(inputs.values())))
        self.backend.run_into(graph, inputs, outputs)

    def outputs_of(self, graph):
        return self.backend.outputs_of(graph)


@pytest.fixture(scope="module")
def backend(toy):
    with open_backend(toy, "onnxruntime") as opened:
        yield opened


@pytest.fixture(scope="module")
def crops():
    random = np.random.default_rng(3)
    light = random.uniform(-2, 2, (40, 1, 1))
    return (light + random.normal(size=(40, 128, 128))).astype(np.float32)


def expected_logits(crops, samples):
    return toy_bundle.logits(crops[list(samples), np.newaxis])


def test_a_clip_gives_what_numpy_gives(backend, crops):
    clip = crops[:8, np.newaxis]
    output = run_clip(backend, clip)
    np.testing.assert_allclose(output.logits, toy_bundle.logits(clip), atol=2e-5)
    np.testing.assert_allclose(output.flow, toy_bundle.flow(clip[:-1], clip[1:]), atol=2e-5)
    np.testing.assert_allclose(output.landmarks, toy_bundle.landmarks(clip[1:]), atol=2e-5)
    assert np.ptp(output.logits) > 0.1


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_stream_gives_the_same_as_clips(backend, crops, step):
    period = 350 * MS // (7 * step)
    engine = StreamEngine(backend, window_ms=350, period_ns=period)
    ready = 0
    for index, crop in enumerate(crops):
        output = engine.push(index, index * period, crop)
        np.testing.assert_allclose(
            output.landmarks, toy_bundle.landmarks(crop[None, None])[0], atol=2e-5
        )
        if index >= step:
            pair = crops[index - step][None, None], crop[None, None]
            np.testing.assert_allclose(output.flow, toy_bundle.flow(*pair)[0], atol=2e-5)
        else:
            assert output.flow is None
        if index < 7 * step:
            assert output.state is WindowState.FILLING
            assert output.logits is None
            continue
        ready += 1
        assert output.state is WindowState.READY
        assert output.samples == tuple(range(index - 7 * step, index + 1, step))
        assert output.span_ns == 7 * step * period
        np.testing.assert_allclose(output.logits, expected_logits(crops, output.samples), atol=2e-5)
    assert ready == 40 - 7 * step


@pytest.mark.parametrize("step", [1, 2])
def test_each_frame_costs_one_of_each_graph(backend, crops, step):
    counting = Counting(backend)
    period = 350 * MS // (7 * step)
    engine = StreamEngine(counting, 350, period)
    for index in range(7 * step + step):
        engine.push(index, index * period, crops[index])
    counting.counts.clear()
    for index in range(8 * step, 8 * step + 10):
        engine.push(index, index * period, crops[index])
    assert counting.counts == dict.fromkeys(("features", "encoder", "flow", "column", "head"), 10)


def test_without_flow_its_graphs_are_not_run(backend, crops):
    counting = Counting(backend)
    engine = StreamEngine(counting, 350, PERIOD, flow=False)
    outputs = [engine.push(i, i * PERIOD, crop) for i, crop in enumerate(crops[:10])]
    assert all(output.flow is None for output in outputs)
    assert outputs[-1].state is WindowState.READY
    assert set(counting.counts) == {"features", "column", "head"}


def test_memory_is_bounded(backend, crops):
    engine = StreamEngine(backend, 350, PERIOD // 2)
    for index in range(200):
        engine.push(index, index * PERIOD // 2, crops[index % 40])
    store, _ = engine._engine._opened
    assert store.maps.taken == 61
    assert store.encoded.taken == 3


def test_a_gap_and_a_step_back_restart_the_window(backend, crops):
    engine = StreamEngine(backend, 350, PERIOD)
    for start in (0, 60 * PERIOD, 5 * PERIOD):
        for i in range(9):
            output = engine.push(i, start + i * PERIOD, crops[i])
            assert (output.state is WindowState.READY) == (i >= 7)
            assert (output.flow is None) == (i == 0)


def test_restart_forgets_the_frames(backend, crops):
    engine = StreamEngine(backend, 350, PERIOD)
    for i in range(10):
        engine.push(i, i * PERIOD, crops[i])
    engine.restart()
    output = engine.push(10, 10 * PERIOD, crops[10])
    assert output.state is WindowState.FILLING
    assert output.flow is None


def test_indices_that_repeat_do_not_mix_windows(backend, crops):
    engine = StreamEngine(backend, 350, PERIOD)
    for i in range(12):
        output = engine.push(0, i * PERIOD, crops[i])
    assert output.samples == (0,) * 8
    np.testing.assert_allclose(output.logits, expected_logits(crops, range(4, 12)), atol=2e-5)


def test_a_slow_camera_is_refused_by_type(backend, crops):
    engine = StreamEngine(backend, 350)
    outputs = [engine.push(i, i * 100 * MS, crops[i]) for i in range(10)]
    assert [output.state for output in outputs[1:]] == [WindowState.CAMERA_TOO_SLOW] * 9
    assert outputs[-1].logits is None
    assert outputs[-1].flow is not None


def test_the_step_follows_a_camera_that_changes(backend, crops):
    engine = StreamEngine(backend, 350, PERIOD)
    time, last = 0, None
    for i in range(120):
        time += PERIOD if i < 20 else PERIOD // 2
        last = engine.push(i, time, crops[i % 40])
    assert engine.cadence.scales[0].step == 2
    assert last.samples == tuple(range(105, 120, 2))
    np.testing.assert_allclose(
        last.logits, expected_logits(crops, [i % 40 for i in last.samples]), atol=2e-5
    )
