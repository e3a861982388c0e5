"""The class of an event, by frames that were kept."""

import numpy as np
import pytest

from mol_edge.engine import Engine
from mol_edge.errors import FramesGoneError, InputError, OptionError
from tests.mol_edge.engine.toy_engine import PERIOD, options, push, toy_bundle


@pytest.mark.parametrize(
    ("onset", "offset", "samples"),
    [
        (10, 24, (10, 12, 14, 16, 18, 20, 22, 24)),
        (10, 26, (10, 12, 15, 17, 19, 21, 24, 26)),  # round(i * 16 / 7)
        (15, 18, (13, 14, 15, 16, 17, 18, 19, 20)),  # widened by 2 at both ends
        (28, 29, (22, 23, 24, 25, 26, 27, 28, 29)),  # no frames after the newest
        (9.6, 17.4, (10, 11, 12, 13, 14, 15, 16, 17)),  # the nearest frames
    ],
)
def test_an_event_is_classified_by_its_frames(backend, crops, onset, offset, samples):
    engine = Engine(backend, options(flow="never"), PERIOD)
    for at in range(30):
        push(engine, crops, at)
    event = engine.classify_event(0, round(onset * PERIOD), round(offset * PERIOD), flow=True)
    assert event.samples == samples
    assert event.times_ns == tuple(at * PERIOD for at in samples)
    assert event.span_ns == (samples[-1] - samples[0]) * PERIOD
    clip = crops[list(samples), np.newaxis]
    np.testing.assert_allclose(event.logits, toy_bundle.logits(clip), atol=2e-5)
    np.testing.assert_allclose(event.flow, toy_bundle.flow(clip[:-1], clip[1:]), atol=2e-5)
    spread = np.abs(np.linspace(samples[0], samples[-1], 8) - samples).max()
    assert event.jitter_ns == pytest.approx(spread * PERIOD, abs=1)
    assert engine.classify_event(0, round(onset * PERIOD), round(offset * PERIOD)).flow is None


def test_an_event_leaves_nothing_behind(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    for at in range(30):
        push(engine, crops, at)
    store, _ = engine._opened
    before = store.encoded.taken
    engine.classify_event(0, 5 * PERIOD, 28 * PERIOD, flow=True)
    assert store.encoded.taken == before == 2
    np.testing.assert_allclose(
        push(engine, crops, 30).flow,
        toy_bundle.flow(crops[29][None, None], crops[30][None, None])[0],
        atol=2e-5,
    )


def test_an_onset_after_the_offset_is_refused(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    for at in range(10):
        push(engine, crops, at)
    with pytest.raises(OptionError, match="onset must not come after its offset, got 9 and 8 ns"):
        engine.classify_event(0, 9, 8)


def test_an_event_whose_frames_are_gone_is_refused(ort, crops):
    engine = Engine(ort, options(keep_ms=1000), PERIOD)
    with pytest.raises(FramesGoneError, match="Frames of face 0 must be kept"):
        engine.classify_event(0, 0, PERIOD)
    for at in range(7):
        push(engine, crops, at)
    with pytest.raises(FramesGoneError, match="by 8 frames, and 7 are kept: wait"):
        engine.classify_event(0, 0, PERIOD)
    for at in range(7, 40):
        push(engine, crops, at)
    assert engine.classify_event(0, 19 * PERIOD, 39 * PERIOD).samples[0] == 19
    for onset, offset in ((18, 30), (30, 41)):
        with pytest.raises(FramesGoneError, match="must lie within the kept frames, 950000000 to"):
            engine.classify_event(0, onset * PERIOD, offset * PERIOD)
    push(engine, crops, 40, 400 * PERIOD)
    with pytest.raises(FramesGoneError):
        engine.classify_event(0, 30 * PERIOD, 39 * PERIOD)
    assert issubclass(FramesGoneError, InputError)
