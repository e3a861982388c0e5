"""Evaluation on a dataset: every clip through the model, once, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training.augment import middle
from training.evaluation.coarser import merged
from training.evaluation.flow import ALL_METHODS, FlowScores, judge_pair
from training.evaluation.predictor import Predictor
from training.metrics import FAILURE, class_scores, landmark_errors, video_predictions
from training.model.config import CROP, PAIRS
from training.samples import Dataset, Sample
from training.synthetic.labels import CLASSES3


@dataclass(frozen=True)
class EvaluationOptions:
    """How much is evaluated.

    Attributes:
        baseline_pairs: pairs on which the baselines run too, spread over the clips (TV-L1 takes
            a second each).
        pairs_per_clip: pairs of a clip whose flow is judged, at most.
        examples: clips kept for pictures.
        quiet: show no progress bar.
    """

    baseline_pairs: int = 60
    pairs_per_clip: int = 2
    examples: int = 6
    quiet: bool = False


@dataclass(frozen=True)
class Prediction:
    """What the model says of one clip; `label` is None where it has no class."""

    video: str
    subject: str
    label: int | None
    probabilities: tuple[float, ...]

    @property
    def predicted(self) -> int:
        """The likeliest class."""
        return int(np.argmax(self.probabilities))


@dataclass(frozen=True)
class Example:
    """One clip for a picture: a pair of frames, true and predicted flow, and landmarks."""

    title: str
    frames: NDArray[np.uint8]
    truth: NDArray[np.float32]
    predicted: NDArray[np.float32]
    points: NDArray[np.float32]
    true_points: NDArray[np.float32] | None


@dataclass
class Evaluation:
    """All that was found on a dataset.

    Attributes:
        labels: class names.
        predictions: one per clip.
        landmark_errors: by pupil distance, one per frame (frames 1 to 7 of each clip).
        flow: errors of flow.
        coarser: the same predictions in three classes, where the data knows these.
        examples: clips for pictures.
        extra: figures from elsewhere, such as the jitter.
    """

    labels: tuple[str, ...]
    predictions: list[Prediction] = field(default_factory=list)
    landmark_errors: list[float] = field(default_factory=list)
    flow: FlowScores = field(default_factory=lambda: FlowScores(ALL_METHODS))
    coarser: list[Prediction] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    def figures(self) -> dict[str, Any]:
        """All figures as plain values."""
        found: dict[str, Any] = {"clips": len(self.predictions)}
        found["classes"] = class_figures(self.predictions, self.labels)
        if self.coarser:
            found["coarser"] = class_figures(self.coarser, CLASSES3)
        found["flow"] = self.flow.summary()
        errors = np.array(self.landmark_errors)
        found["landmarks"] = {
            "frames": len(errors),
            "nme": float(errors.mean()) if len(errors) else None,
            "failure_rate": float((errors > FAILURE).mean()) if len(errors) else None,
        }
        return found | self.extra


def class_figures(predictions: Sequence[Prediction], labels: Sequence[str]) -> dict[str, Any]:
    """Scores per clip and per video of those that have a class."""
    judged = [p for p in predictions if p.label is not None]
    truth = [int(p.label) for p in judged if p.label is not None]
    probabilities = np.array([p.probabilities for p in judged]).reshape(len(judged), -1)
    _, video_truth, video_guess = video_predictions([p.video for p in judged], truth, probabilities)
    return {
        "labels": list(labels),
        "clip": asdict(class_scores(truth, [p.predicted for p in judged], len(labels))),
        "video": asdict(class_scores(video_truth, video_guess, len(labels))),
        "without_class": len(predictions) - len(judged),
    }


def evaluate_clips(
    model: Predictor, data: Dataset, options: EvaluationOptions | None = None
) -> Evaluation:
    """Run a model over a dataset, in the middle crop."""
    options = options or EvaluationOptions()
    result = Evaluation(tuple(model.labels))
    known = getattr(data, "known_pairs", lambda _: range(PAIRS))
    every = max(1, len(data) * options.pairs_per_clip // max(1, options.baseline_pairs))
    seen = 0
    for index in tqdm(range(len(data)), "evaluating", unit="clip", disable=options.quiet):
        pairs = _spread(tuple(known(index)), options.pairs_per_clip, index)
        sample = middle(data.sample(index, 0, pairs))
        out = model.clip(sample.frames)
        result.predictions.append(_prediction(sample, out.logits))
        _add_coarser(result, data, index)
        if sample.landmarks is not None:
            result.landmark_errors += landmark_errors(out.landmarks, sample.landmarks[1:]).tolist()
        face = np.ones((CROP, CROP), bool) if sample.face is None else sample.face
        for truth, pair in zip(sample.flow, sample.pairs):
            frames = sample.frames[pair], sample.frames[pair + 1]
            baselines = options.baseline_pairs > 0 and seen % every == 0
            truth32 = truth.astype(np.float32)
            judge_pair(result.flow, out.flow[pair], truth32, face, frames, baselines)
            seen += 1
        if len(result.examples) < options.examples and sample.pairs:
            result.examples.append(_example(sample, out.flow, out.landmarks, model.labels, result))
    return result


def _add_coarser(result: Evaluation, data: Dataset, index: int) -> None:
    label_in = getattr(data, "label_in", None)
    last = result.predictions[-1]
    probabilities = merged(last.probabilities, result.labels)
    if label_in is not None and probabilities is not None:
        label = label_in(index, "classes3")
        result.coarser.append(replace(last, label=label, probabilities=probabilities))


def _spread(known: tuple[int, ...], count: int, index: int) -> tuple[int, ...]:
    """Some of the known pairs; which ones goes round from clip to clip."""
    if len(known) <= count:
        return known
    return tuple(
        sorted(known[(index + i * len(known) // count) % len(known)] for i in range(count))
    )


def _prediction(sample: Sample, logits: NDArray[np.float32]) -> Prediction:
    shifted = np.exp(logits.astype(np.float64) - logits.max())
    probabilities = tuple(float(p) for p in shifted / shifted.sum())
    return Prediction(sample.video, sample.subject, sample.label, probabilities)


def _example(
    sample: Sample,
    flow: NDArray[np.float32],
    landmarks: NDArray[np.float32],
    labels: Sequence[str],
    result: Evaluation,
) -> Example:
    strongest = int(np.argmax([np.abs(f).mean() for f in sample.flow]))
    pair = sample.pairs[strongest]
    predicted = labels[result.predictions[-1].predicted]
    truth = "no event" if sample.label is None else labels[sample.label]
    points = None if sample.landmarks is None else sample.landmarks[pair + 1]
    return Example(
        title=f"{sample.video}: {truth}, predicted {predicted}",
        frames=sample.frames[pair : pair + 2],
        truth=sample.flow[strongest].astype(np.float32),
        predicted=flow[pair],
        points=landmarks[pair],
        true_points=points,
    )
