import numpy as np
import pytest

from mol_edge import _core
from mol_edge.errors import ArrayError
from mol_edge.results import Event, EventKind

LOGITS = np.log(np.array([0.2, 0.7, 0.1], np.float32))
TIMES = {"onset_ns": 100_000_000, "apex_ns": 250_000_000, "offset_ns": 433_333_333}


def event(**more):
    given = {"onset": 3, "apex": 8, "offset": 13, **TIMES, "peak_px": {"brows": 0.4, "mouth": 0.9}}
    return Event(track_id=2, kind=EventKind.MICRO, **{**given, **more})


def test_an_event_without_a_class_has_no_confidence():
    plain = event()
    assert plain.duration_ms == pytest.approx(333.333333)
    assert plain.region == "mouth"
    assert (plain.label, plain.confidence, plain.flow) == (None, None, None)
    assert event(peak_px={}).region is None
    # A blink beside a movement of a brow.
    assert event(peak_px={"left_brow": 1.1, "left_eye": 2.5, "mouth": 0.4}).region == "left_brow"
    assert event(peak_px={"right_eye": 2.5}).region == "right_eye"


def test_a_class_comes_with_its_confidence():
    classed = event(label="b", logits=LOGITS, probabilities=_core.softmax(LOGITS[None])[0])
    assert classed.confidence == pytest.approx(0.7, abs=1e-6)


def test_an_event_that_cannot_be_is_refused():
    with pytest.raises(ArrayError, match=r"frames of onset, apex and offset must rise .*\(3, 2"):
        event(apex=2)
    with pytest.raises(ArrayError, match="times of onset, apex and offset must rise"):
        event(offset_ns=1)
    with pytest.raises(ArrayError, match="label, probabilities and logits, or none"):
        event(label="b")
    with pytest.raises(ArrayError, match=r"probabilities must be of shape \(3\), got \(2,\)"):
        event(label="b", logits=LOGITS, probabilities=LOGITS[:2])
    with pytest.raises(ArrayError, match="8 frames or none, got 7"):
        event(samples=tuple(range(7)))
    with pytest.raises(ArrayError, match=r"flow must be of shape \(7, 2, 128, 128\)"):
        event(flow=np.zeros((2, 128, 128), np.float32))
