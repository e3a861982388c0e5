"""How much is kept, and frames that are computed anew from it."""

import numpy as np
import pytest

from mol_edge.engine import Engine
from mol_edge.errors import FramesGoneError
from mol_edge.results import WindowState
from tests.mol_edge.engine.toy_engine import MS, PERIOD, expected_logits, options, push, toy_bundle


def test_memory_is_stated_and_bounded(ort, crops):
    engine = Engine(ort, options(keep_ms=1000), PERIOD // 2)
    for index in range(60):
        push(engine, crops, index, index * PERIOD // 2)
    stated = engine.state_bytes
    assert len(engine.kept(0)) == 41
    # Room for 42 frames of 368 KiB and 4 of 768 KiB with encoder maps.
    kept = 42 * 368 + 4 * 768
    assert kept * 1024 <= stated <= (kept + 900) * 1024
    for index in range(60, 300):
        push(engine, crops, index, index * PERIOD // 2)
    assert engine.state_bytes == stated
    half = Engine(ort, options(keep_ms=1000, flow="never", half_state=True), PERIOD // 2)
    push(half, crops, 0)
    assert 42 * 240 * 1024 <= half.state_bytes <= (42 * 240 + 900) * 1024


def test_the_arrays_grow_with_a_camera_that_is_faster_than_stated(ort, crops):
    engine = Engine(ort, options(flow="never"), PERIOD)
    for at in range(250):
        window = push(engine, crops, at, at * 5 * MS).windows[0]
    assert window.samples == tuple(range(179, 250, 10))
    assert len(engine.kept(0)) == 250
    np.testing.assert_allclose(window.logits, expected_logits(crops, window.samples), atol=2e-5)


def test_max_frames_bounds_what_is_kept_but_not_the_windows(ort, crops):
    engine = Engine(ort, options(flow="never", max_frames=16), 5 * MS)
    for at in range(120):
        window = push(engine, crops, at, at * 5 * MS).windows[0]
    assert window.state is WindowState.READY
    assert len(engine.kept(0)) == 72


def test_what_a_forgotten_face_held_is_used_again(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    for at in range(20):
        push(engine, crops, at, track_id=at // 5)
        for old in range(at // 5):
            engine.forget(old)
        if at == 4:
            stated = engine.state_bytes
    assert engine.state_bytes == stated
    assert engine.track_ids == (3,)
    assert engine.kept(0) == ()
    engine.forget(99)


def test_a_face_anchored_anew_is_as_if_it_had_been_so_always(backend, crops):
    other = crops[::-1]
    engine, fresh = (Engine(backend, options(), PERIOD // 2) for _ in range(2))
    for at in range(24):
        push(engine, crops, at, at * PERIOD // 2)
    assert engine.kept(0) == tuple(range(24))
    landmarks = engine.reanchor(0, other[4:24])
    assert engine.kept(0) == tuple(range(4, 24))
    np.testing.assert_allclose(landmarks, toy_bundle.landmarks(other[4:24, np.newaxis]), atol=2e-5)
    for at in range(4, 24):
        push(fresh, other, at, at * PERIOD // 2)
    for at in range(24, 28):
        came, wanted = (push(each, other, at, at * PERIOD // 2) for each in (engine, fresh))
        assert came.new_segment is None
        assert came.windows[0].samples == wanted.windows[0].samples
        np.testing.assert_allclose(came.windows[0].logits, wanted.windows[0].logits, atol=1e-6)
        np.testing.assert_allclose(came.flow, wanted.flow, atol=1e-6)


def test_more_crops_than_frames_are_refused(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    push(engine, crops, 0)
    for count in (0, 2):
        with pytest.raises(FramesGoneError, match=f"1 to 1 frames can be replaced .* got {count}"):
            engine.reanchor(0, crops[:count])
