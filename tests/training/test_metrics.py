import math

import numpy as np
import pytest

from training.metrics import (
    best_similarity,
    class_scores,
    endpoint_error,
    landmark_errors,
    landmark_jitter,
    moving_pixels,
    pupil_distance,
    video_predictions,
)

# Truth 0: 3 hits, 1 taken for 1. Truth 1: 1 hit, 1 taken for 0. Truth 2: both taken for 0.
TRUTH = [0, 0, 0, 0, 1, 1, 2, 2]
GUESS = [0, 0, 0, 1, 1, 0, 0, 0]


def test_class_scores_worked_out_by_hand():
    scores = class_scores(TRUTH, GUESS, 3)
    assert scores.count == 8
    assert scores.confusion == ((3, 1, 0), (1, 1, 0), (2, 0, 0))
    assert scores.accuracy == pytest.approx(4 / 8)
    assert scores.war == pytest.approx(4 / 8)
    # Recalls 3/4, 1/2, 0.
    assert scores.uar == pytest.approx((0.75 + 0.5 + 0) / 3)
    # F1 = 2 TP / (2 TP + FP + FN): 6 / (6 + 3 + 1), 2 / (2 + 1 + 1), 0.
    assert scores.uf1 == pytest.approx((0.6 + 0.5 + 0) / 3)
    assert scores.wf1 == pytest.approx((4 * 0.6 + 2 * 0.5 + 0) / 8)


def test_a_class_that_never_occurs_counts_in_no_average():
    scores = class_scores([0, 0, 1], [0, 1, 1], 5)
    assert scores.uar == pytest.approx((0.5 + 1) / 2)
    assert scores.uf1 == pytest.approx(2 / 3)
    assert len(scores.confusion) == 5


def test_a_class_that_is_only_predicted_lowers_f1_and_not_recall():
    scores = class_scores([0, 0, 1, 1], [0, 2, 1, 1], 3)
    assert scores.uar == pytest.approx((0.5 + 1) / 2)
    assert scores.uf1 == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_nothing_to_score():
    scores = class_scores([], [], 2)
    assert scores.count == 0
    assert math.isnan(scores.uf1)


def test_videos_are_judged_by_their_mean_probability():
    videos = ["a", "a", "b", "a"]
    probabilities = np.array([[0.6, 0.4], [0.6, 0.4], [0.9, 0.1], [0.05, 0.95]])
    names, truth, predicted = video_predictions(videos, [1, 1, 0, 1], probabilities)
    assert (names, truth, predicted) == (["a", "b"], [1, 0], [1, 0])


def face() -> np.ndarray:
    points = np.zeros((68, 2))
    points[36:42], points[42:48] = (10, 4), (50, 34)  # 50 apart
    return points


def test_landmark_error_is_by_pupil_distance():
    assert pupil_distance(face()) == pytest.approx(50)
    predicted = face()
    predicted[:34] += (3, 4)
    assert landmark_errors(predicted, face()) == pytest.approx(0.5 * 5 / 50)


def test_jitter_is_the_spread_over_time():
    points = np.tile(face(), (4, 1, 1))
    points[:, :, 0] += np.array([1, -1, 1, -1])[:, None]
    assert landmark_jitter(points, 50) == pytest.approx(1 / 50)
    assert landmark_jitter(np.tile(face(), (4, 1, 1)), 50) == 0


def test_only_what_a_similarity_does_not_explain_moves():
    y, x = np.mgrid[0:40, 0:40].astype(float)
    similarity = np.stack([1.5 + 0.03 * x - 0.02 * y, -0.7 + 0.02 * x + 0.03 * y])
    mask = np.zeros((40, 40), bool)
    mask[5:35, 5:35] = True
    assert np.allclose(best_similarity(similarity, mask), similarity)
    flow = similarity.copy()
    flow[1, 10:13, 10:13] += 0.6
    moving = moving_pixels(flow, mask)
    assert moving[10:13, 10:13].all()
    assert moving.sum() == 9
    # What lies off the face neither moves nor takes part in the fit.
    flow[:, 0:3, 0:3] += 30
    assert moving_pixels(flow, mask).sum() == 9


def test_endpoint_error():
    truth = np.zeros((2, 2, 2))
    predicted = truth.copy()
    predicted[:, 0, 1] = (3, -4)
    assert endpoint_error(predicted, truth).tolist() == [[0, 5], [0, 0]]
