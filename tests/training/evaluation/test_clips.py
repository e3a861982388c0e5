from dataclasses import replace

import numpy as np
import pytest

from mol_edge.engine import ClipOutput
from training.evaluation.clips import EvaluationOptions, Prediction, class_figures, evaluate_clips
from training.evaluation.coarser import ceilings, merged
from training.synthetic.labels import CASME5
from training.texture import TextureDataset

OPTIONS = EvaluationOptions(baseline_pairs=2, pairs_per_clip=2, examples=1, quiet=True)


class Oracle:
    """Knows the truth of a dataset, and may be wrong by a constant."""

    name, device = "oracle", "here"

    def __init__(self, data, flow_error=0.0, landmark_error=0.0, label=None):
        self.labels = tuple(data.labels)
        self._by_frames = {}
        for index in range(len(data)):
            sample = data.sample(index)
            self._by_frames[sample.frames.tobytes()] = sample
        self._flow, self._points, self._label = flow_error, landmark_error, label

    def clip(self, frames):
        sample = self._by_frames[frames.tobytes()]
        logits = np.zeros(len(self.labels), np.float32)
        logits[sample.label if self._label is None else self._label] = 3
        flow = sample.flow + np.array([self._flow, 0], np.float32)[:, None, None]
        points = sample.landmarks[1:] + np.array([0, self._points], np.float32)
        return ClipOutput(logits, flow, points)


@pytest.fixture(scope="module")
def data():
    return TextureDataset(6)


def test_a_model_that_is_right(data):
    figures = evaluate_clips(Oracle(data), data, OPTIONS).figures()
    assert figures["clips"] == 6
    assert figures["classes"]["clip"]["uf1"] == 1
    assert figures["classes"]["video"]["count"] == 6
    assert figures["flow"]["model"]["face"] == pytest.approx(0, abs=1e-6)
    assert figures["landmarks"] == {"frames": 42, "nme": 0, "failure_rate": 0}


def test_a_model_that_is_wrong_by_known_amounts(data):
    model = Oracle(data, flow_error=0.25, landmark_error=1.0, label=0)
    figures = evaluate_clips(model, data, OPTIONS).figures()
    truth = [data.sample(index).label for index in range(6)]
    assert figures["classes"]["clip"]["accuracy"] == pytest.approx(truth.count(0) / 6)
    assert figures["flow"]["model"]["face"] == pytest.approx(0.25)
    speeds = [np.linalg.norm(data.sample(i, 0, (0,)).flow[0], axis=0).mean() for i in range(6)]
    assert figures["flow"]["zero"]["face"] == pytest.approx(np.mean(speeds))
    # A texture that drifts as a whole has no pixel that moves by itself.
    assert figures["flow"]["model"]["moving_pixels"] == 0
    marks = data.sample(0).landmarks[1]
    eyes = np.linalg.norm(marks[36:42].mean(0) - marks[42:48].mean(0))
    assert figures["landmarks"]["nme"] == pytest.approx(1 / eyes, rel=1e-4)
    assert figures["landmarks"]["failure_rate"] == float(1 / eyes > 0.1)


def test_baselines_run_on_the_same_pairs(data):
    flow = evaluate_clips(Oracle(data), data, OPTIONS).figures()["flow"]
    pixels = {flow[name]["face_pixels"] for name in ("model (same pairs)", "dis", "farneback")}
    assert pixels == {2 * 128 * 128}
    assert flow["tvl1"]["face"] < flow["zero (same pairs)"]["face"]
    without = evaluate_clips(Oracle(data), data, replace(OPTIONS, baseline_pairs=0)).figures()
    assert without["flow"]["dis"]["face_pixels"] == 0


def test_clips_without_a_class_are_counted_apart():
    predictions = [Prediction("a", "s", 0, (0.9, 0.1)), Prediction("b", "s", None, (0.2, 0.8))]
    figures = class_figures(predictions, ("x", "y"))
    assert figures["clip"]["count"] == 1
    assert figures["without_class"] == 1


def test_five_classes_become_three():
    assert merged((0.1, 0.2, 0.3, 0.15, 0.25), CASME5) == pytest.approx((0.75, 0.1, 0.15))
    assert merged((0.5, 0.5), ("way 0", "way 1")) is None


def test_the_ceiling_is_below_certainty():
    found = ceilings(CASME5)
    assert set(found) == {"casme5", "classes3"}
    assert 0.75 < found["casme5"]["uf1"] < 1
