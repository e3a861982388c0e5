"""All figures of a model on a dataset, as reports and manifests hold them."""

from __future__ import annotations

from training.evaluation.clips import Evaluation, EvaluationOptions, evaluate_clips
from training.evaluation.coarser import ceilings
from training.evaluation.predictor import Predictor
from training.evaluation.still import still_jitter
from training.samples import Dataset


def judge(
    model: Predictor, data: Dataset, options: EvaluationOptions, *, synthetic: bool
) -> Evaluation:
    """Classes, flow and landmarks; on synthetic clips also jitter and the labels' ceiling.

    Args:
        model: what is judged.
        data: clips that it has not seen.
        options: how much is evaluated.
        synthetic: whether `data` are clips of our generator.
    """
    result = evaluate_clips(model, data, options)
    if synthetic:
        result.extra["still"] = still_jitter(model)
        result.extra["ceiling"] = ceilings(model.labels)
    return result
