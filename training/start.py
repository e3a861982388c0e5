"""Where training starts: normalisation constants and first weights."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from training.augment import middle
from training.flow_start import start_flow
from training.forward import forward
from training.model import Mol
from training.options import Init
from training.samples import Dataset

_LOOKED_AT = 128
_FAR = 0.1
_NOISE = 0.03  # of a camera, in normalised luma


def measure_luma(data: Dataset) -> tuple[float, float]:
    """Mean luma of the training set, and its maximum less that mean, as the official code has it.

    At most 128 clips are looked at, spread evenly.
    """
    clips = [data.sample(i, 0, ()).frames for i in _spread(len(data))]
    mean = float(np.mean([clip.mean(dtype=np.float64) for clip in clips]))
    return mean, float(max(clip.max() for clip in clips)) - mean


def mean_landmarks(data: Dataset) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None:
    """Mean of the landmarks [68, 2] in crop pixels, None where none are known."""
    found = [middle(data.sample(i, 0, ())).landmarks for i in _spread(len(data))]
    known = [points for points in found if points is not None]
    return np.stack(known).mean((0, 1), dtype=np.float64).astype(np.float32) if known else None


def _spread(count: int) -> list[int]:
    return sorted({int(i) for i in np.linspace(0, count - 1, min(count, _LOOKED_AT))})


@torch.no_grad()
def start_weights(model: Mol, init: Init, data: Dataset, mean: float, scale: float) -> None:
    """Prepare fresh weights: landmarks start at their mean.

    ``gradient`` also lets F5C begin as what it is without far connections, each position for
    itself, with set 2 a copy of set 1; the stem as a complete, decorrelated description of each
    patch; the flow head as gradient-based flow; and the expression head on what changes in time.
    These are only starting points; every weight
    is free to move, and learns several times faster from there.

    Args:
        model: fresh from its constructor.
        init: ``gradient``, or ``default`` for PyTorch's own first weights.
        data: training samples.
        mean: of the normalisation.
        scale: of the normalisation.
    """
    points = mean_landmarks(data)
    if points is not None:
        model.ldm_predictor.fc2.bias.data.copy_(torch.from_numpy(points.reshape(-1)))
    if init == "default":
        return
    for name, parameter in model.FCC_1.named_parameters():
        if name.startswith("meta_kernel"):
            parameter.mul_(_FAR)
            parameter.flatten(1)[:, 0] += 1.0
    for parameter in model.CCC_1.parameters():
        parameter.mul_(_FAR)
    model.FCC_2.load_state_dict(model.FCC_1.state_dict())
    model.CCC_2.load_state_dict(model.CCC_1.state_dict())
    clips = [middle(data.sample(i, 0, ())).frames[0] for i in _spread(len(data))]
    frames = (torch.from_numpy(np.stack(clips)).float() - mean) / scale
    _start_stem(model, frames)
    generator = torch.Generator().manual_seed(torch.initial_seed())
    start_flow(model, frames, generator)
    some = [middle(data.sample(i, 0, ())).frames for i in _spread(len(data))[::4]]
    _start_expression(model, (torch.from_numpy(np.stack(some)).float() - mean) / scale)


def _start_stem(model: Mol, frames: Tensor) -> None:
    """Let the stem begin as a complete, decorrelated description of each patch.

    Its convolutions have no activation between them. Drawn at random they pass the patch's mean
    on 128 times over and drown what tells one patch, or one moment, from the next. So the first
    three are orthogonal, and the last whitens what these give on training frames, down to the
    camera's noise.
    """
    *early, last = (part for part in model.conv_stack.conv_stack if isinstance(part, nn.Conv2d))
    for part in early:
        nn.init.orthogonal_(part.weight.flatten(1))
        part.bias.zero_()  # type: ignore[union-attr]
    maps = frames[:, None]
    for part in early:
        maps = part(maps)
    found = maps[:, :, 1:-1, 1:-1].movedim(1, 0).flatten(1)
    centre = found.mean(1)
    variance, directions = torch.linalg.eigh(torch.cov(found))
    whitening = directions / (variance.clamp_min(0) + _NOISE**2).sqrt()
    spread = torch.linalg.qr(torch.randn(last.out_channels, len(variance)))[0]
    weight = spread @ whitening.T * (last.out_channels / len(variance)) ** 0.5
    last.weight.copy_(weight[:, :, None, None])
    last.bias.copy_(-weight @ centre)  # type: ignore[union-attr]


def _start_expression(model: Mol, clips: Tensor) -> None:
    """Let the expression head begin with changes alone, at unit strength.

    Each of its kernels sums to zero over time, so what stands still cancels: a face is ten times
    as strong in the features as its motion is.

    Args:
        model: set 2 of F5C equal to set 1.
        clips: normalised frames [N, 8, 128, 128].
    """
    kernel = model.mer_3dcnn.conv3d.weight
    kernel -= kernel.mean(dim=4, keepdim=True)
    caught: list[Tensor] = []
    handle = model.mer_3dcnn.conv3d.register_forward_hook(lambda *args: caught.append(args[2]))
    kept = {name: buffer.clone() for name, buffer in model.named_buffers()}
    forward(model, clips)
    handle.remove()
    for name, buffer in model.named_buffers():
        buffer.copy_(kept[name])
    kernel /= caught[0].std().clamp_min(1e-6)
