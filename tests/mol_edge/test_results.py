import numpy as np
import pytest

from mol_edge import _core
from mol_edge.errors import ArrayError
from mol_edge.results import ClipResult, FaceResult, FaceState, PhaseResult, Window

POINTS = np.array([[40, 40], [80, 40], [60, 60], [45, 80], [75, 80.0]])


def phase(logits):
    logits = np.array(logits, np.float32)
    return PhaseResult(
        samples=tuple(range(8)),
        logits=logits,
        probabilities=_core.softmax(logits[None])[0],
        flow=np.zeros((7, 2, 128, 128), np.float32),
        landmarks=np.zeros((7, 68, 2), np.float32),
    )


def face(**more):
    return FaceResult(0, (0, 0, 9, 9), 0.9, POINTS, _core.alignment_transform(POINTS), **more)


def test_a_clips_probabilities_are_the_mean_of_its_phases():
    clip = ClipResult(("a", "b"), "official", (phase([0, 0]), phase([0, np.log(3)])))
    np.testing.assert_allclose(clip.probabilities, [0.375, 0.625], atol=1e-6)
    assert clip.probabilities.dtype == np.float32
    assert clip.label == "b"


def test_flow_in_image_undoes_the_scale_and_the_turn():
    """100 px of a level face become 143 px; a turn by 90 degrees takes x to y."""
    flow = np.zeros((2, 128, 128), np.float32)
    flow[0] = 1.43
    level = face(flow=flow).flow_in_image()
    np.testing.assert_allclose(level[0], 1.0, atol=1e-6)
    np.testing.assert_allclose(level[1], 0.0, atol=1e-6)
    turned = POINTS @ np.array([[0, 1], [-1, 0.0]]) + [200, 0]
    result = FaceResult(
        0, (0, 0, 9, 9), 0.9, turned, _core.alignment_transform(turned), flow=flow
    ).flow_in_image()
    np.testing.assert_allclose(result[0], 0.0, atol=1e-6)
    np.testing.assert_allclose(result[1], 1.0, atol=1e-6)
    assert face().flow_in_image() is None


def test_shapes_are_checked():
    logits = np.zeros(3, np.float32)
    with pytest.raises(ArrayError, match=r"Window.probabilities must be of shape \(3\), got \(2,"):
        Window(logits[:2], logits, 350.0, tuple(range(8)))
    with pytest.raises(ArrayError, match="must name 8 frames, got 7"):
        Window(logits, logits, 350.0, tuple(range(7)))
    with pytest.raises(ArrayError, match=r"landmarks must be of shape \(68, 2\), got \(68, 3\)"):
        face(landmarks=np.zeros((68, 3), np.float32))
    with pytest.raises(ArrayError, match=r"flow must be of shape \(2, 128, 128\), got \(128, 128"):
        face(flow=np.zeros((128, 128), np.float32))
    with pytest.raises(ArrayError, match="at least one phase, got none"):
        ClipResult(("a", "b"), "official", ())
    with pytest.raises(ArrayError, match=r"must be of shape \(3\), got \(2,\)"):
        ClipResult(("a", "b", "c"), "official", (phase([0, 0]),))


def test_a_window_says_how_true_its_time_is():
    logits = np.zeros(3, np.float32)
    window = Window(logits, logits, 350.0, tuple(range(8)), 350.0, jitter_ms=4.0, dropped=2)
    assert (window.wanted_ms, window.jitter_ms, window.dropped) == (350.0, 4.0, 2)
    with pytest.raises(ArrayError, match=r"jitter_ms and dropped must be 0 or more, got -1.0"):
        Window(logits, logits, 350.0, tuple(range(8)), jitter_ms=-1.0)


@pytest.mark.parametrize("state", [state for state in FaceState if state is not FaceState.TRACKED])
def test_a_face_that_cannot_be_measured_has_no_measures(state):
    assert face(state=state).motion is None
    with pytest.raises(ArrayError, match=f"tracked, got them with {state.value}"):
        face(state=state, motion={"brows": 0.1})
    with pytest.raises(ArrayError, match="only when its state is tracked"):
        face(state=state, landmarks=np.zeros((68, 2), np.float32))
