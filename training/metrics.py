"""Measures of classes, flow and landmarks, as reported in the literature."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOVING_PX = 0.1
FAILURE = 0.1

Array = NDArray[np.floating]


@dataclass(frozen=True)
class ClassScores:
    """Scores of one confusion matrix, 0 to 1.

    Attributes:
        count: samples.
        accuracy: share of hits.
        war: weighted average recall (equals the accuracy).
        uar: recall, averaged over the classes that occur in the truth.
        wf1: F1, averaged over classes by their frequency in the truth.
        uf1: F1, averaged over the classes that occur in the truth or among the predictions.
        confusion: counts [classes, classes], row = truth.
    """

    count: int
    accuracy: float
    war: float
    uar: float
    wf1: float
    uf1: float
    confusion: tuple[tuple[int, ...], ...]


def class_scores(truth: ArrayLike, predicted: ArrayLike, classes: int) -> ClassScores:
    """Scores of predicted classes (indices) against the truth.

    Example:
        >>> class_scores([0, 0, 1], [0, 1, 1], 2).uar
        0.75
    """
    from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

    true, guess = np.asarray(truth, np.int64), np.asarray(predicted, np.int64)
    if len(true) == 0:
        empty = tuple((0,) * classes for _ in range(classes))
        return ClassScores(0, *(float("nan"),) * 5, empty)
    table = confusion_matrix(true, guess, labels=range(classes))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ClassScores(
            count=len(true),
            accuracy=float(accuracy_score(true, guess)),
            war=float(recall_score(true, guess, average="weighted", zero_division=0)),
            uar=float(
                recall_score(true, guess, labels=np.unique(true), average="macro", zero_division=0)
            ),
            wf1=float(f1_score(true, guess, average="weighted", zero_division=0)),
            uf1=float(f1_score(true, guess, average="macro", zero_division=0)),
            confusion=tuple(tuple(int(n) for n in row) for row in table),
        )


def video_predictions(
    videos: Sequence[str], truth: Sequence[int], probabilities: Array
) -> tuple[list[str], list[int], list[int]]:
    """Names, true and predicted class of videos: the largest mean probability of their clips."""
    by_video: dict[str, list[int]] = {}
    for index, video in enumerate(videos):
        by_video.setdefault(video, []).append(index)
    names = list(by_video)
    predicted = [int(np.mean(probabilities[by_video[name]], axis=0).argmax()) for name in names]
    return names, [truth[by_video[name][0]] for name in names], predicted


def pupil_distance(landmarks: Array) -> Array:
    """Distance of the eye centres (means of points 36-41 and 42-47), [...] of [..., 68, 2]."""
    eyes = landmarks[..., 36:42, :].mean(-2) - landmarks[..., 42:48, :].mean(-2)
    distance: Array = np.linalg.norm(eyes, axis=-1)
    return distance


def landmark_errors(predicted: Array, truth: Array) -> Array:
    """Mean point-to-point error by pupil distance, [...] of [..., 68, 2]; 0.04 is 4%."""
    error: Array = np.linalg.norm(predicted - truth, axis=-1).mean(-1) / pupil_distance(truth)
    return error


def landmark_jitter(landmarks: Array, distance: float) -> float:
    """Spread over time of points [T, 68, 2] of a face that stands still, by pupil distance.

    The root of the mean over points of the variance of x plus that of y.
    """
    return float(np.sqrt(landmarks.var(axis=0).sum(-1).mean()) / distance)


def best_similarity(flow: Array, mask: NDArray[np.bool_]) -> Array:
    """The flow [2, S, S] of the similarity transform nearest to `flow` on `mask` (least squares).

    Example:
        >>> turn = np.stack(np.meshgrid(np.arange(4.0), np.arange(4.0)))[::-1] * [[[0.1]], [[-0.1]]]
        >>> bool(np.allclose(best_similarity(turn, np.ones((4, 4), bool)), turn))
        True
    """
    height, width = mask.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    one, none = np.ones_like(x), np.zeros_like(x)
    x, y = x - (width - 1) / 2, y - (height - 1) / 2
    fields = np.stack([(one, none), (none, one), (x, y), (-y, x)])
    chosen = fields[:, :, mask].reshape(4, -1)
    weights = np.linalg.lstsq(chosen.T, flow[:, mask].reshape(-1).astype(np.float64), rcond=None)[0]
    fitted: Array = np.tensordot(weights, fields, axes=1)
    return fitted


def moving_pixels(flow: Array, face: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Face pixels that move more than 0.1 px once the best similarity transform is taken off."""
    if not face.any():
        return face
    rest = flow - best_similarity(flow, face)
    moving: NDArray[np.bool_] = (np.linalg.norm(rest, axis=0) > MOVING_PX) & face
    return moving


def endpoint_error(predicted: Array, truth: Array) -> Array:
    """Length of the difference of two flows [2, S, S] at each pixel, [S, S]."""
    error: Array = np.linalg.norm(predicted.astype(np.float64) - truth, axis=0)
    return error
