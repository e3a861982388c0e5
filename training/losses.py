"""The joint loss: class of the clip, optical flow of its pairs, landmarks of its frames."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.forward import Outputs
from training.model.config import PAIRS
from training.options import LossOptions
from training.samples import Dataset

NO_LABEL = -100
_MOVING = 0.1  # pixels; as in evaluation
_CHARBONNIER = 0.01  # pixels


class Truth(NamedTuple):
    """What a batch should give; landmarks that are unknown are NaN.

    Attributes:
        labels: int64 [B], `NO_LABEL` where a clip has no class.
        flow: [B, P, 2, 128, 128].
        face: bool [B, 128, 128], pixels of the face.
        landmarks: [B, 8, 68, 2].
        stills: [S, 68, 2].
    """

    labels: Tensor
    flow: Tensor
    face: Tensor
    landmarks: Tensor
    stills: Tensor


class Losses(NamedTuple):
    """The weighted sum and its parts before weighting (0 where a part is not asked for)."""

    total: Tensor
    expression: Tensor
    flow: Tensor
    landmarks: Tensor


def balanced_weights(data: Dataset, classes: int) -> Tensor:
    """Weights of classes [classes] by the inverse of their frequency in the data, float32."""
    counts = np.zeros(classes)
    for index in range(len(data)):
        label = data.sample(index, 0, ()).label
        if label is not None:
            counts[label] += 1
    weights = counts.sum() / np.maximum(counts, 1) / classes
    return torch.tensor(weights, dtype=torch.float32)


def pupil_distance(landmarks: Tensor) -> Tensor:
    """Distance of the eye centres (means of points 36-41 and 42-47), [...] of [..., 68, 2]."""
    eyes = landmarks[..., 36:42, :].mean(-2) - landmarks[..., 42:48, :].mean(-2)
    return torch.linalg.vector_norm(eyes, dim=-1)


def landmark_loss(predicted: Tensor, truth: Tensor) -> Tensor:
    """Mean of |x| + |y| errors by pupil distance, over frames with landmarks (Section 3.4).

    Args:
        predicted: [..., 68, 2].
        truth: [..., 68, 2], NaN for a frame without landmarks.
    """
    known = truth.isfinite().flatten(-2).all(-1)
    filled = torch.where(known[..., None, None], truth, predicted.detach())
    distance = torch.where(known, pupil_distance(filled), 1.0).clamp_min(1.0)
    by_frame = (predicted - filled).abs().sum(-1).mean(-1) / distance
    return by_frame.sum() / known.sum().clamp_min(1)


def without_similarity(flow: Tensor) -> Tensor:
    """Flow [..., 2, S, S] less the shift, turn and scale that fit it best (least squares)."""
    side = flow.shape[-1]
    axis = torch.arange(side, device=flow.device, dtype=flow.dtype) - (side - 1) / 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    one, none = torch.ones_like(x), torch.zeros_like(x)
    # On a centred grid the four fields are orthogonal, so each is fitted by itself.
    fields = torch.stack(
        [torch.stack(f) for f in ((one, none), (none, one), (x, y), (-y, x))]
    ).flatten(1)
    fields = fields / torch.linalg.vector_norm(fields, dim=1, keepdim=True)
    flat = flow.flatten(-3)
    rest = flat - (flat @ fields.T) @ fields
    return rest.unflatten(-1, flow.shape[-3:])


def flow_weights(flow: Tensor, face: Tensor, options: LossOptions) -> Tensor:
    """Weight of each pixel [B, P, S, S]: more where it moves, less off the face."""
    weights = torch.where(face[:, None], 1.0, options.background)
    if options.moving == 0:
        return weights.expand(-1, flow.shape[1], -1, -1)
    residual = torch.linalg.vector_norm(without_similarity(flow), dim=2)
    return weights * (1 + options.moving * (residual > _MOVING))


def flow_loss(predicted: Tensor, truth: Tensor, weights: Tensor, kind: str) -> Tensor:
    """Mean error of flow [B, P, 2, S, S] over weighted pixels [B, P, S, S].

    ``mse``: mean square of a component, as the paper's; ``charbonnier``: smooth absolute value of
    the error's length; ``epe``: its length.
    """
    square = (predicted - truth).square().sum(2)
    if kind == "mse":
        error = square / 2
    elif kind == "charbonnier":
        error = (square + _CHARBONNIER**2).sqrt() - _CHARBONNIER
    else:
        error = (square + 1e-12).sqrt()
    return (error * weights).sum() / weights.sum().clamp_min(1e-6)


def _coarse_loss(out: Outputs, truth: Tensor, weights: Tensor, kind: str) -> Tensor:
    """Mean over the coarser levels of their error against the truth's weighted mean there."""
    weighted = (truth * weights[:, :, None]).flatten(0, 1)
    parts = []
    for level in out.coarse:
        size = (level.shape[-2], level.shape[-1])
        share = F.adaptive_avg_pool2d(weights, size)
        target = F.adaptive_avg_pool2d(weighted, size).unflatten(0, truth.shape[:2])
        target = target / share[:, :, None].clamp_min(1e-6)
        parts.append(flow_loss(level.float(), target, share, kind))
    return torch.stack(parts).mean()


def joint_loss(out: Outputs, truth: Truth, options: LossOptions, class_weights: Tensor) -> Losses:
    """Weighted sum of the parts whose weight is not 0 and whose output is there.

    As the official code has it: cross entropy + 10 · MSE(flow) / 7 + w · landmarks by pupil
    distance; `flow_weight` 10 is divided by the 7 pairs here.
    """
    zero = torch.zeros((), device=class_weights.device)
    expression = flow = coarse = landmarks = zero
    if options.expression and out.logits is not None and bool((truth.labels >= 0).any()):
        expression = F.cross_entropy(
            out.logits.float(),
            truth.labels,
            weight=class_weights,
            ignore_index=NO_LABEL,
            label_smoothing=options.label_smoothing,
        )
    if options.flow and out.flow is not None:
        target = truth.flow.float()
        weights = flow_weights(target, truth.face, options)
        flow = flow_loss(out.flow.float(), target, weights, options.flow_kind)
        if options.coarse and out.coarse:
            coarse = _coarse_loss(out, target, weights, options.flow_kind)
    if options.landmarks:
        landmarks = _landmarks(out, truth, zero)
    total = (
        options.expression * expression
        + options.flow / PAIRS * (flow + options.coarse * coarse)
        + options.landmarks * landmarks
    )
    return Losses(total, expression.detach(), flow.detach(), landmarks.detach())


def _landmarks(out: Outputs, truth: Truth, zero: Tensor) -> Tensor:
    """Loss over the frames of clips and the stills together."""
    predicted, known = [], []
    if out.landmarks is not None and out.seen is not None:
        rows = torch.arange(len(out.seen), device=out.seen.device)[:, None]
        predicted.append(out.landmarks.flatten(0, 1))
        known.append(truth.landmarks[rows, out.seen].flatten(0, 1))
    if out.stills is not None:
        predicted.append(out.stills)
        known.append(truth.stills)
    return landmark_loss(torch.cat(predicted).float(), torch.cat(known)) if predicted else zero
