"""How accurate a backend is on judging clips, beside what PyTorch gives in float32."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from export.precision.clips import Clips
from export.progress import counted
from mol_edge.backends.base import Backend
from mol_edge.manifest import Normalisation
from mol_edge.network import ClipOutput, run_clip
from training.metrics import class_scores, landmark_errors
from training.model import Mol

OUTPUTS = ("logits", "flow", "landmarks")


@dataclass(frozen=True)
class Outputs:
    """What a runtime makes of the judging clips.

    Attributes:
        logits: [n, classes].
        flow: [n, pairs, 2, 128, 128], of those pairs whose flow is known, else of the first.
        landmarks: [n, 7, 68, 2].
    """

    logits: NDArray[np.float32]
    flow: NDArray[np.float32]
    landmarks: NDArray[np.float32]


@dataclass(frozen=True)
class Figures:
    """Accuracy of one precision on one runtime.

    Attributes:
        clips: how many were run.
        agreement: share of clips with the class that PyTorch gives in float32.
        logit_error: mean absolute difference of a logit from PyTorch's.
        flow_error: mean length of the difference from PyTorch's flow, crop pixels.
        landmark_error: mean distance from PyTorch's landmarks, crop pixels.
        uf1, uar: of the classes, or None where the truth is unknown.
        epe: endpoint error where the face moves, or None.
        still: that error of no flow at all, or None.
        nme: mean error of the landmarks by pupil distance, or None.
    """

    clips: int
    agreement: float
    logit_error: float
    flow_error: float
    landmark_error: float
    uf1: float | None
    uar: float | None
    epe: float | None
    still: float | None
    nme: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain values, rounded to 6 digits."""
        return {
            key: float(f"{value:.6g}") if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }


def outputs_of(backend: Backend, clips: Clips, constants: Normalisation) -> Outputs:
    """Run every clip on a backend, as the SDK runs a clip."""
    return _gather(clips, constants, lambda crops: run_clip(backend, crops))


@torch.no_grad()
def outputs_of_network(model: Mol, clips: Clips, constants: Normalisation) -> Outputs:
    """Run every clip in PyTorch, in float32 on the CPU."""

    def run(crops: NDArray[np.float32]) -> ClipOutput:
        clip = torch.from_numpy(np.ascontiguousarray(crops[None, None, :, 0]))
        logits, flow, landmarks = (out[0].numpy() for out in model(clip))
        points = landmarks.T.reshape(-1, 68, 2)
        return ClipOutput(logits, np.moveaxis(flow, -1, 0), points)

    return _gather(clips, constants, run)


def _gather(
    clips: Clips,
    constants: Normalisation,
    run: Callable[[NDArray[np.float32]], ClipOutput],
) -> Outputs:
    pairs = list(clips.pairs or (0,))
    logits, flow, landmarks = [], [], []
    for crops in counted(clips.normalised(constants), len(clips)):
        out = run(np.ascontiguousarray(crops[:, None]))
        logits.append(out.logits)
        flow.append(out.flow[pairs])
        landmarks.append(out.landmarks)
    return Outputs(np.stack(logits), np.stack(flow), np.stack(landmarks))


def figures(came: Outputs, reference: Outputs, clips: Clips) -> Figures:
    """Compare with PyTorch's float32 and with the truth."""
    chosen = came.logits.argmax(1)
    scores = None
    if clips.labels is not None and (clips.labels >= 0).any():
        classed = clips.labels >= 0
        scores = class_scores(clips.labels[classed], chosen[classed], came.logits.shape[1])
    epe = still = nme = None
    if clips.flow is not None and clips.moving is not None and clips.moving.any():
        epe = float(_length(came.flow - clips.flow, 2)[clips.moving].mean())
        still = float(_length(clips.flow, 2)[clips.moving].mean())
    if clips.landmarks is not None:
        nme = float(landmark_errors(came.landmarks, clips.landmarks[:, 1:]).mean())
    return Figures(
        clips=len(clips),
        agreement=float((chosen == reference.logits.argmax(1)).mean()),
        logit_error=float(np.abs(came.logits - reference.logits).mean()),
        flow_error=float(_length(came.flow - reference.flow, 2).mean()),
        landmark_error=float(_length(came.landmarks - reference.landmarks, -1).mean()),
        uf1=None if scores is None else scores.uf1,
        uar=None if scores is None else scores.uar,
        epe=epe,
        still=still,
        nme=nme,
    )


def differences(came: Outputs, reference: Outputs) -> dict[str, dict[str, float]]:
    """Mean and largest difference of each output, for the parity of runtimes."""
    found = {}
    for name in OUTPUTS:
        apart = np.abs(getattr(came, name) - getattr(reference, name))
        found[name] = {"mean": float(apart.mean()), "largest": float(apart.max())}
    return found


def _length(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    lengths: NDArray[np.float32] = np.linalg.norm(values, axis=axis)
    return lengths
