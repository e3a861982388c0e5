"""The look at held-out training subjects that a run takes every so often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.augment import middle
from training.config import FitConfig
from training.forward import forward
from training.loader import Batch, collate
from training.losses import NO_LABEL, Losses, Truth, joint_loss
from training.metrics import (
    class_scores,
    endpoint_error,
    landmark_errors,
    moving_pixels,
)
from training.model import Mol
from training.model.config import PAIRS
from training.options import Select
from training.samples import Dataset

_BATCH = 16


def truth_of(batch: Batch, device: torch.device) -> Truth:
    """What a batch should give, on the device."""
    parts = (batch.labels, batch.flow, batch.face, batch.landmarks, batch.still_landmarks)
    return Truth(*(part.to(device, non_blocking=True) for part in parts))


def normalised(frames: Tensor, mean: float, scale: float, device: torch.device) -> Tensor:
    """Frames uint8 of any shape as the network takes them, float32."""
    return (frames.to(device, non_blocking=True).float() - mean) / scale


def batches(data: Dataset, pairs: int) -> Iterator[Batch]:
    """All samples in order, in the middle crop, each with its first known pairs."""
    known = getattr(data, "known_pairs", lambda _: range(PAIRS))
    for start in range(0, len(data), _BATCH):
        indices = range(start, min(start + _BATCH, len(data)))
        samples = [middle(data.sample(i, 0, tuple(known(i))[:pairs])) for i in indices]
        yield collate(samples, pairs)


@torch.no_grad()
def validate(
    model: Mol, data: Dataset, config: FitConfig, mean: float, scale: float, device: torch.device
) -> dict[str, float]:
    """Losses and measures on a dataset: one pair of each clip, all its landmarks.

    Returns:
        loss, expression, flow, landmarks (as in training), accuracy, uf1, nme (percent), epe and
        epe_moving (pixels) with what zero flow would have (`..._zero`).
    """
    was_training = model.training
    model.eval()
    weights = torch.ones(model.config.classes, device=device)
    sums, clips = np.zeros(4), 0
    classes: list[tuple[int, int]] = []
    errors: dict[str, list[Any]] = {"nme": [], "epe": [], "epe_moving": []}
    zeros: dict[str, list[Any]] = {"epe": [], "epe_moving": []}
    for batch in batches(data, pairs=1):
        truth = truth_of(batch, device)
        frames = normalised(batch.frames, mean, scale, device)
        out = forward(model, frames, batch.pairs.to(device))
        losses: Losses = joint_loss(out, truth, config.loss, weights)
        sums += len(frames) * np.array([float(part) for part in losses])
        clips += len(frames)
        assert out.logits is not None and out.flow is not None and out.landmarks is not None
        labelled = batch.labels != NO_LABEL
        classes += zip(
            batch.labels[labelled].tolist(), out.logits.argmax(1).cpu()[labelled].tolist()
        )
        nme = landmark_errors(out.landmarks.cpu().numpy(), batch.landmarks[:, 1:].numpy())
        errors["nme"] += nme[np.isfinite(nme)].tolist()
        _add_flow(errors, zeros, batch, out.flow.cpu())
    model.train(was_training)
    true, guessed = zip(*classes) if classes else ((), ())
    scores = class_scores(true, guessed, model.config.classes)
    names = ("loss", "expression", "flow", "landmarks")
    result = {name: float(value) for name, value in zip(names, sums / max(1, clips))}
    result |= {"accuracy": scores.accuracy, "uf1": scores.uf1}
    result["nme"] = 100 * _mean(errors["nme"])
    for name in ("epe", "epe_moving"):
        result[name] = _mean(errors[name])
        result[f"{name}_zero"] = _mean(zeros[name])
    return result


def _add_flow(
    errors: dict[str, list[Any]], zeros: dict[str, list[Any]], batch: Batch, flow: Tensor
) -> None:
    truths, faces = batch.flow.float().numpy(), batch.face.numpy()
    for guess, truth, face in zip(flow.float().numpy(), truths, faces):
        error, nothing = endpoint_error(guess[0], truth[0]), np.linalg.norm(truth[0], axis=0)
        for name, mask in (("epe", face), ("epe_moving", moving_pixels(truth[0], face))):
            if mask.any():
                errors[name].append(error[mask].mean())
                zeros[name].append(nothing[mask].mean())


def _mean(values: list[Any]) -> float:
    return float(np.mean(values)) if values else float("nan")


def score(result: dict[str, float], select: Select) -> float:
    """What the best checkpoint has most of."""
    value = -result["loss"] if select == "loss" else result[select]
    return value if np.isfinite(value) else -float("inf")
