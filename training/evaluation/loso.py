"""Leave-one-subject-out: one network per subject, trained on all others, and what all of them say.

Each fold has a folder of its own with its run and, once judged, `predictions.json`. A run that is
killed goes on where it was and ends with the same result: a judged fold is not touched again, and
a fold in training resumes from its last checkpoint.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mol_edge.errors import InputError, OutputError
from training.config import FitConfig, completed
from training.datasets import Splits, Subset, by_subject, split_subjects, whole
from training.evaluation.clips import (
    Evaluation,
    EvaluationOptions,
    Prediction,
    class_figures,
    evaluate_clips,
)
from training.evaluation.predictor import CheckpointPredictor
from training.fit import fit
from training.samples import Dataset

log = logging.getLogger(__name__)

FOLD_FILE = "predictions.json"
_JUDGED = EvaluationOptions(baseline_pairs=0, examples=0, quiet=True)


def run_loso(config: FitConfig, out: Path, data: Dataset | None = None) -> dict[str, Any]:
    """Train and judge one fold per subject, then pool them.

    Of the training subjects of a fold, `data.validation_subjects` choose the checkpoint; the test
    subject is looked at once, when training is over.

    Args:
        config: the run of each fold.
        out: folder; folds are kept in `folds/SUBJECT`.
        data: all samples; the configuration's data by default.

    Returns:
        Figures of the pooled predictions, and of each fold.

    Raises:
        InputError: fewer than three subjects, or folds of another configuration in the folder.
    """
    data = whole(config.data) if data is None else data
    subjects = by_subject(data)
    if len(subjects) < 3:
        raise InputError(
            "Leave-one-subject-out needs three subjects or more (one to test on, one to choose "
            f"the checkpoint on), got {len(subjects)}: add subjects."
        )
    folds = []
    for number, (subject, indices) in enumerate(subjects.items(), 1):
        log.info("fold %d/%d: subject %s, %d clips", number, len(subjects), subject, len(indices))
        folder = out / "folds" / fold_name(subject)
        folds.append(_fold(config, data, subject, tuple(indices), folder))
    return pool(folds, tuple(data.labels))


def fold_name(subject: str) -> str:
    """Folder of a subject's fold: its name, with what a file name may not have replaced."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", subject).lstrip(".") or "_"


def _fold(
    config: FitConfig, data: Dataset, subject: str, indices: tuple[int, ...], folder: Path
) -> dict[str, Any]:
    path = folder / FOLD_FILE
    if path.is_file():
        return _read_fold(path, config, subject)
    tested = set(indices)
    others = Subset(data, tuple(i for i in range(len(data)) if i not in tested))
    train, validation = split_subjects(others, config.data.validation_subjects, config.run.seed)
    best = fit(config, Splits(train, validation), folder, resume=True)
    model = CheckpointPredictor(best, config.run.device, config.run.threads)
    result = evaluate_clips(model, Subset(data, indices), _JUDGED)
    fold = {
        "subject": subject,
        "config": config.to_dict(),
        "predictions": [asdict(p) for p in result.predictions],
        "figures": _other_figures(result),
    }
    _write(path, fold)
    return fold


def _other_figures(result: Evaluation) -> dict[str, Any]:
    figures = result.figures()
    flow = {name: figures["flow"][name] for name in ("model", "zero")}
    return {"landmarks": figures["landmarks"], "flow": flow}


def _read_fold(path: Path, config: FitConfig, subject: str) -> dict[str, Any]:
    try:
        fold: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        same = completed(fold["config"]) == config.to_dict()
        same = same and fold["subject"] == subject
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} must be a fold's predictions and cannot be read ({error}): remove it."
        ) from None
    if not same:
        raise InputError(
            f"{path} must be of this configuration and the subject {subject}, and is not: name "
            "another --out."
        )
    return fold


def _write(path: Path, content: dict[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    try:
        partial.write_text(json.dumps(content, indent=1), encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise OutputError(
            f"{path} must be writable, and is not ({error}): name another --out."
        ) from None


def pool(folds: Sequence[dict[str, Any]], labels: tuple[str, ...]) -> dict[str, Any]:
    """Figures of all folds' predictions together; landmarks and flow as means over what was seen.

    Args:
        folds: as `predictions.json` has them.
        labels: class names.
    """
    by_fold = [[_prediction(p) for p in fold["predictions"]] for fold in folds]
    pooled = [p for predictions in by_fold for p in predictions]
    rows = []
    for fold, predictions in zip(folds, by_fold):
        scores = class_figures(predictions, labels)
        row = {"subject": fold["subject"], "clips": len(predictions)}
        rows.append(row | {level: scores[level] for level in ("clip", "video")})
    parts = [fold["figures"] for fold in folds]
    return {
        "clips": len(pooled),
        "classes": class_figures(pooled, labels),
        "landmarks": _weighted([p["landmarks"] for p in parts], "frames"),
        "flow": {
            name: _weighted_flow([p["flow"][name] for p in parts]) for name in ("model", "zero")
        },
        "folds": rows,
    }


def _prediction(values: dict[str, Any]) -> Prediction:
    return Prediction(
        values["video"], values["subject"], values["label"], tuple(values["probabilities"])
    )


def _weighted(rows: Sequence[dict[str, Any]], count: str) -> dict[str, Any]:
    total = sum(row[count] for row in rows)
    means: dict[str, Any] = {count: total}
    for name in rows[0]:
        if name != count:
            known = [(row[name], row[count]) for row in rows if row[name] is not None]
            means[name] = sum(v * n for v, n in known) / total if known and total else None
    return means


def _weighted_flow(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for area in ("face", "moving"):
        pixels = sum(row[f"{area}_pixels"] for row in rows)
        weighted = sum(row[area] * row[f"{area}_pixels"] for row in rows if row[f"{area}_pixels"])
        found[area] = weighted / pixels if pixels else None
        found[f"{area}_pixels"] = pixels
    return found
