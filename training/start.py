"""Where training starts: normalisation constants and first weights."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from training.config import Init
from training.model import Mol
from training.model.config import CHANNELS
from training.model.flow import DISPLACEMENTS
from training.samples import Dataset

_LOOKED_AT = 256


def measure_luma(data: Dataset) -> tuple[float, float]:
    """Mean luma of the training set, and its maximum less that mean, as the official code has it.

    At most 256 clips are looked at, spread evenly.
    """
    clips = [data.sample(i, 0, ()).frames for i in _spread(len(data))]
    mean = float(np.mean([clip.mean(dtype=np.float64) for clip in clips]))
    return mean, float(max(clip.max() for clip in clips)) - mean


def mean_landmarks(data: Dataset) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None:
    """Mean of the landmarks [68, 2] in crop pixels, None where none are known."""
    from training.augment import middle

    found = [middle(data.sample(i, 0, ())).landmarks for i in _spread(len(data))]
    known = [points for points in found if points is not None]
    return np.stack(known).mean((0, 1), dtype=np.float64).astype(np.float32) if known else None


def _spread(count: int) -> list[int]:
    return sorted({int(i) for i in np.linspace(0, count - 1, min(count, _LOOKED_AT))})


@torch.no_grad()
def start_weights(model: Mol, init: Init, data: Dataset) -> None:
    """Prepare fresh weights: landmarks start at their mean, flow near zero.

    ``twin`` also makes set 2 of F5C a copy of set 1 and lets the flow head begin with the
    difference of the two sets: where nothing moves it is zero, and motion stands out. Both are
    only starting points; every weight is free to move.
    """
    points = mean_landmarks(data)
    if points is not None:
        model.ldm_predictor.fc2.bias.copy_(torch.from_numpy(points.reshape(-1)))
    if init == "default":
        return
    model.FCC_2.load_state_dict(model.FCC_1.state_dict())
    model.CCC_2.load_state_dict(model.CCC_1.state_dict())
    head = model.flownet.conv3_1[0]
    assert isinstance(head, nn.Conv2d)
    before = head.in_channels - DISPLACEMENTS - 2 * CHANNELS
    first = slice(before + DISPLACEMENTS, before + DISPLACEMENTS + CHANNELS)
    second = slice(first.stop, first.stop + CHANNELS)
    head.weight[:, first] = -head.weight[:, second]
    for level in range(7):
        model.flownet.get_submodule(f"predict_flow{level}").weight.mul_(0.1)
