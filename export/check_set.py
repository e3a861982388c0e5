"""Clips with their truth and what PyTorch makes of them, for a bundle's check set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mol_edge.check_set import NO_CLASS, CheckSet, on_grid
from mol_edge.errors import InputError
from training.augment import middle
from training.datasets import class_set_of, open_evaluation
from training.evaluation.predictor import Predictor
from training.metrics import moving_pixels
from training.model.config import CROP, PAIRS
from training.samples import Dataset
from training.synthetic import SyntheticOptions, make_clip
from training.synthetic_data import SyntheticDataset

CHECK_SET = "check/clips.npz"
# Far from the seeds that evaluations begin with.
_CHECK_SEED = 5_000_000
_KINDS: Mapping[str, Any] = {"frames": np.uint8, "labels": np.int64, "moving": np.bool_}


def check_clips(data: str, count: int, labels: tuple[str, ...]) -> Dataset:
    """Clips for a check set; rendered ones are apart from those that evaluations begin with.

    Args:
        data: as `training.datasets.open_evaluation` takes it.
        count: clips to render.
        labels: class names of the model.
    """
    if data != "synthetic":
        return open_evaluation(data, labels)
    seen = SyntheticOptions(split="eval")
    return SyntheticDataset(
        lambda index: make_clip(_CHECK_SEED + index, seen), count, class_set_of(labels)
    )


def check_known(data: Dataset, name: str) -> None:
    """Raise InputError where clips lack what a check set holds."""
    if data.sample(0, 0, ()).landmarks is None:
        raise InputError(
            f"Clips of a check set must have landmarks, and those of {name} have none: give others "
            "with --data, or --check-clips 0."
        )


def make_check_set(model: Predictor, data: Dataset, most: int | None = None) -> CheckSet:
    """Clips, in the middle crop, with their truth and what a model gives.

    Args:
        model: run in PyTorch, so that a runtime is compared with it.
        data: its clips know landmarks and the flow of every pair.
        most: clips to take; all of them by default.
    """
    columns: dict[str, list[Any]] = {name: [] for name in CheckSet.__dataclass_fields__}
    for index in range(min(len(data), most or len(data))):
        sample = middle(data.sample(index, 0, tuple(range(PAIRS))))
        assert sample.landmarks is not None
        face = np.ones((CROP, CROP), np.bool_) if sample.face is None else sample.face
        flow = sample.flow.astype(np.float32)
        out = model.clip(sample.frames)
        columns["frames"].append(sample.frames)
        columns["labels"].append(NO_CLASS if sample.label is None else sample.label)
        columns["landmarks"].append(sample.landmarks[1:])
        columns["flow"].append(on_grid(flow))
        columns["moving"].append(on_grid(np.stack([moving_pixels(pair, face) for pair in flow])))
        columns["given_logits"].append(out.logits)
        columns["given_landmarks"].append(out.landmarks)
        columns["given_flow"].append(on_grid(out.flow))
    return CheckSet(
        **{
            name: np.stack(rows).astype(_KINDS.get(name, np.float32))
            for name, rows in columns.items()
        }
    )
