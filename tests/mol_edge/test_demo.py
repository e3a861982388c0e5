"""The demo video through the demo bundle: real graphs, a real detector, both runtimes."""

from pathlib import Path

import numpy as np
import pytest

from mol_edge.backends import open_backend
from mol_edge.bundle import Bundle
from mol_edge.check_set import measure_accuracy
from mol_edge.faces import HaarDetector
from mol_edge.frame import Frame
from mol_edge.pipeline import Pipeline
from mol_edge.results import WindowState
from mol_edge.sources import open_source

pytest.importorskip("cv2", reason="the demo video is read with it")

VIDEO = Path(__file__).parents[2] / "examples" / "data" / "demo.mp4"
FRAMES = 14


@pytest.fixture(scope="module")
def frames():
    with open_source(VIDEO) as source:
        return [frame for frame, _ in zip(source, range(FRAMES))]


@pytest.fixture(scope="module")
def detections(frames):
    """What OpenCV's cascades find, by the frame's index."""
    detector = HaarDetector()
    return [detector.detect(frame) for frame in frames]


@pytest.fixture(scope="module")
def points(detections):
    return np.stack([faces[0].points for faces in detections])


def classify(runtime, frames, points):
    pytest.importorskip(runtime)
    with Pipeline(device=runtime) as pipe:
        return pipe.classify(frames, points=points)


def test_the_demo_bundle_is_small_and_says_what_it_has_learned():
    bundle = Bundle.default()
    assert bundle.manifest.trained is True
    assert len(bundle.manifest.labels) == 5
    assert sum(info.bytes for info in bundle.manifest.files.values()) < 8e6
    figures = bundle.manifest.accuracy["fp32"]
    assert figures["landmarks"]["nme"] < 0.04
    assert bundle.manifest.landmark_nme() == figures["photographs"]["nme"] < 0.1
    assert figures["flow"]["model"]["moving"] < 0.5 * figures["flow"]["zero"]["moving"]
    assert figures["classes"]["clip"]["uf1"] > 0.65 and bundle.manifest.knows_classes


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_the_check_set_is_met_and_shows_what_was_learned(runtime):
    pytest.importorskip(runtime)
    bundle = Bundle.default()
    backend = open_backend(bundle, runtime)
    figures = measure_accuracy(bundle, backend)
    backend.close()
    assert (figures.clips, figures.agreement) == (8, 1.0)
    assert figures.nme < 0.05
    assert figures.epe < 0.65 * figures.zero_epe
    assert figures.logit_error < 5e-2 and figures.landmark_error_px < 0.1


def test_the_points_lie_on_the_face_of_the_demo_video(frames, points):
    """The five points that the cascades found, met by the means of the network's 68."""
    with Pipeline(device="onnxruntime") as pipe:
        found = pipe.classify(frames, points=points).phases[0].landmarks[0]
    five = np.array([found[36:42].mean(0), found[42:48].mean(0), found[30], found[48], found[54]])
    eyes = np.linalg.norm(points[1, 1] - points[1, 0])
    assert np.linalg.norm(five - points[1], axis=1).max() < 0.25 * eyes


def test_the_model_card_has_the_manifest_s_figures():
    card = (Path(__file__).parents[2] / "docs" / "model-card.md").read_text(encoding="utf-8")
    figures = Bundle.default().manifest.accuracy["fp32"]
    flow, points = figures["flow"], figures["landmarks"]
    for text in (
        f"{100 * points['nme']:.2f}%",
        f"{flow['model']['moving']:.3f} px",
        f"{flow['zero']['moving']:.3f} px",
        f"DIS {flow['dis']['moving']:.3f}",
        f"Farnebäck {flow['farneback']['moving']:.3f} px",
        f"| {figures['classes']['clip']['uf1']:.3f} |",
        f"| {figures['coarser']['clip']['uf1']:.3f} |",
        f"{100 * figures['photographs']['nme']:.2f}%",
    ):
        assert text in card, text


def test_both_runtimes_give_the_same(frames, points):
    a, b = (classify(runtime, frames, points) for runtime in ("onnxruntime", "openvino"))
    assert len(a.phases) == len(b.phases) == 1
    for one, other in zip(a.phases, b.phases):
        np.testing.assert_allclose(one.logits, other.logits, atol=1e-4)
        np.testing.assert_allclose(one.flow, other.flow, atol=1e-4)
        np.testing.assert_allclose(one.landmarks, other.landmarks, atol=1e-2)
        assert np.ptp(one.logits) > 1e-3
        assert np.ptp(one.flow) > 1e-2


class Recorded:
    """A detector that repeats what it found before: the cascades are slow."""

    name = "recorded"

    def __init__(self, detections):
        self.detections = detections

    def detect(self, frame):
        return self.detections[frame.index]


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_run_equals_the_clip(frames, detections, runtime):
    """The anchored transform locks at frame 4, on the points that are known then."""
    pytest.importorskip(runtime)
    at_20_fps = [Frame(f.image, i * 50_000_000, i) for i, f in enumerate(frames)]
    with Pipeline(device=runtime, detector=Recorded(detections)) as pipe:
        with pipe.run(at_20_fps) as run:
            faces = [result.faces[0] for result in run]
        states = [face.window_state for face in faces]
        assert states == [WindowState.FILLING] * 7 + [WindowState.READY] * 7
        last = faces[-1]
        assert last.window.samples == (6, 7, 8, 9, 10, 11, 12, 13)
        assert last.window.span_ms == pytest.approx(350)
        locked = np.repeat(faces[4].points[np.newaxis], 8, axis=0)
        (phase,) = pipe.classify(frames[6:14], points=locked).phases
    np.testing.assert_allclose(last.window.logits, phase.logits, atol=1e-4)
    np.testing.assert_allclose(last.flow, phase.flow[-1], atol=1e-4)
    np.testing.assert_allclose(last.landmarks, phase.landmarks[-1], atol=1e-2)
    assert last.window.probabilities.sum() == pytest.approx(1, abs=1e-6)
