"""What begins a segment, and what does not."""

import numpy as np
import pytest

from mol_edge.cadence import SegmentReason
from mol_edge.engine import Engine
from mol_edge.errors import DeviceError
from mol_edge.results import WindowState
from tests.mol_edge.engine.toy_engine import PERIOD, Counting, expected_logits, options, push


@pytest.mark.parametrize(
    ("start", "reason"), [(60, "gap"), (5, "backward"), (11, "repeated")], ids=lambda x: str(x)
)
def test_a_break_starts_a_segment_and_says_why(ort, crops, start, reason):
    engine = Engine(ort, options(), PERIOD)
    for first in (0, start):
        for i in range(12):
            output = push(engine, crops, i, (first + i) * PERIOD)
            assert (output.windows[0].state is WindowState.READY) == (i >= 7)
            assert (output.flow is None) == (i == 0)
            wanted = "start" if first == 0 else reason
            assert output.new_segment == (wanted if i == 0 else None)
            assert len(engine.kept(0)) == i + 1


def test_a_face_that_was_away_starts_a_segment_of_its_own(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    for at in range(24):
        tracks = [1] if 8 <= at < 12 else [1, 2]
        outputs = engine.push(crops[[at] * len(tracks)], tracks, at * PERIOD, at)
        states = {o.track_id: o.windows[0].state for o in outputs}
        assert (states[1] is WindowState.READY) == (at >= 7)
        if 2 in states:
            assert (states[2] is WindowState.READY) == (at == 7 or at >= 19)
            assert outputs[1].new_segment == {0: "start", 12: "gap"}.get(at)


def test_frames_without_faces_tell_the_rhythm(ort, crops):
    engine = Engine(ort, options())
    for at in range(10):
        assert engine.push(crops[:0], [], at * PERIOD, at) == []
    assert engine.cadence.period_ns == PERIOD
    assert engine.track_ids == ()
    assert engine.state_bytes == 0


def test_restart_forgets_the_frames_of_one_face_or_all(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    for at in range(10):
        engine.push(crops[[at, at]], [0, 1], at * PERIOD, at)
    engine.restart(SegmentReason.SIZE_CHANGED, 1)
    outputs = engine.push(crops[[10, 10]], [0, 1], 10 * PERIOD, 10)
    assert [o.windows[0].state.value for o in outputs] == ["ready", "filling"]
    assert [o.new_segment for o in outputs] == [None, SegmentReason.SIZE_CHANGED]
    engine.restart(SegmentReason.REALIGNED)
    assert engine.kept(0) == engine.kept(1) == ()


@pytest.mark.parametrize("graph", ["features", "encoder", "flow", "head"])
def test_a_device_that_fails_loses_nothing_else(ort, crops, graph):
    counting = Counting(ort)
    engine = Engine(counting, options(), PERIOD // 2)
    for at in range(20):
        push(engine, crops, at, at * PERIOD // 2)
    counting.fails = graph
    with pytest.raises(DeviceError, match="is gone"):
        push(engine, crops, 20, 20 * PERIOD // 2)
    counting.fails = None
    assert engine.kept(0) == tuple(range(20 if graph == "features" else 21))
    assert engine._opened[0].maps.taken == len(engine.kept(0))
    for at in range(21, 37):
        output = push(engine, crops, at, at * PERIOD // 2)
        window = output.windows[0]
        assert window.state is WindowState.READY
        assert window.dropped == (graph == "features" and at < 36 and window.samples[0] < 20)
        np.testing.assert_allclose(window.logits, expected_logits(crops, window.samples), atol=2e-5)
        assert output.new_segment is None
