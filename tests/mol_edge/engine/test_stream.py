"""What a clip and a stream give, and which graphs they run for it."""

import numpy as np
import pytest

from mol_edge.cadence import SegmentReason
from mol_edge.engine import Engine, run_clip
from mol_edge.results import WindowState
from tests.mol_edge.engine.toy_engine import (
    FRAMES,
    MS,
    PERIOD,
    Counting,
    expected_logits,
    options,
    push,
    toy_bundle,
)


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
    engine = Engine(backend, options(), period)
    ready = 0
    for index in range(40):
        output = push(engine, crops, index, index * period)
        pair = crops[max(0, index - step)][None, None], crops[index][None, None]
        np.testing.assert_allclose(output.landmarks, toy_bundle.landmarks(pair[1])[0], atol=2e-5)
        if index >= step:
            np.testing.assert_allclose(output.flow, toy_bundle.flow(*pair)[0], atol=2e-5)
        else:
            assert output.flow is None
        (window,) = output.windows
        assert output.new_segment == (SegmentReason.START if index == 0 else None)
        if index < 7 * step:
            assert window.state is WindowState.FILLING
            assert window.logits is None
            continue
        ready += 1
        assert window.state is WindowState.READY
        assert window.samples == tuple(range(index - 7 * step, index + 1, step))
        assert (window.span_ns, window.jitter_ns, window.dropped) == (7 * step * period, 0, 0)
        np.testing.assert_allclose(window.logits, expected_logits(crops, window.samples), atol=2e-5)
    assert ready == 40 - 7 * step


def test_several_faces_together_give_what_each_gives_alone(backend, crops):
    together = Engine(backend, options(windows_ms=(350, 500)), PERIOD)
    alone = {track: Engine(backend, options(windows_ms=(350, 500)), PERIOD) for track in (3, 7, 9)}
    for at in range(14):
        # Face 9 comes late, and face 7 is not seen in one frame.
        tracks = [t for t in (7, 3, 9) if (t != 9 or at > 4) and not (t == 7 and at == 3)]
        stack = np.stack([crops[(at + 13 * track) % FRAMES] for track in tracks])
        outputs = together.push(stack, tracks, at * PERIOD, at)
        assert [output.track_id for output in outputs] == tracks
        for track, crop, output in zip(tracks, stack, outputs):
            (single,) = alone[track].push(crop[np.newaxis], [track], at * PERIOD, at)
            np.testing.assert_allclose(output.landmarks, single.landmarks, atol=2e-5)
            assert (output.flow is None) == (single.flow is None)
            if output.flow is not None:
                np.testing.assert_allclose(output.flow, single.flow, atol=2e-5)
            for window, wanted in zip(output.windows, single.windows):
                assert (window.state, window.samples) == (wanted.state, wanted.samples)
                if wanted.logits is not None:
                    np.testing.assert_allclose(window.logits, wanted.logits, atol=2e-5)
    assert together.track_ids == (7, 3, 9)
    assert [output.windows[0].state.value for output in outputs] == ["ready"] * 3


def test_half_state_is_close(ort, crops):
    whole, half = (Engine(ort, options(half_state=each), PERIOD) for each in (False, True))
    for at in range(12):
        wanted, came = (push(engine, crops, at) for engine in (whole, half))
        np.testing.assert_array_equal(came.landmarks, wanted.landmarks)
        if at >= 1:
            assert 0 < np.abs(came.flow - wanted.flow).max() < 5e-3
        if at >= 7:
            np.testing.assert_array_equal(came.windows[0].logits, wanted.windows[0].logits)


@pytest.mark.parametrize("step", [1, 2])
def test_each_frame_costs_one_of_each_graph(ort, crops, step):
    counting = Counting(ort)
    period = 350 * MS // (7 * step)
    engine = Engine(counting, options(), period)
    for index in range(8 * step):
        push(engine, crops, index, index * period)
    counting.counts.clear()
    for index in range(8 * step, 8 * step + 10):
        push(engine, crops, index, index * period)
    assert counting.counts == dict.fromkeys(("features", "encoder", "flow", "head"), 10)


def test_without_flow_its_graphs_are_not_run(ort, crops):
    counting = Counting(ort)
    engine = Engine(counting, options(flow="never"), PERIOD)
    outputs = [push(engine, crops, i) for i in range(10)]
    assert all(output.flow is None for output in outputs)
    assert outputs[-1].windows[0].state is WindowState.READY
    assert set(counting.counts) == {"features", "head"}


def test_flow_on_motion_is_that_of_always(backend, crops):
    always = Engine(backend, options(), PERIOD // 2)
    counting = Counting(backend)
    asked = Engine(counting, options(flow="on_motion"), PERIOD // 2)
    assert asked.flow(0) is None
    for at in range(20):
        field = push(always, crops, at, at * PERIOD // 2).flow
        assert push(asked, crops, at, at * PERIOD // 2).flow is None
        if at in (0, 1):
            assert asked.flow(0) is None
        elif at in (5, 6, 7, 8, 15):
            np.testing.assert_allclose(asked.flow(0), field, atol=1e-6)
    # 5 needs 3 and 5, 6 needs 4 and 6; what 7 and 8 start from is known by then.
    assert counting.counts["flow"] == 5
    assert counting.counts["encoder"] == 2 + 2 + 1 + 1 + 2 + 2  # of 0 and 1 the newest
