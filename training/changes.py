"""What changes between a clip's frames in the features that the expression head sees.

The features of a patch have 512 numbers, of which an expression moves few. `directions` finds
those in which features change slowly for their noise, in closed form.
"""

from __future__ import annotations

import torch
from torch import Tensor

from training.forward import features
from training.model import Mol
from training.model.config import FRAMES, MAP, PAIRS
from training.options import Precision

DIRECTIONS = 96  # of the 512 of a patch; beyond them noise changes more than expressions do
PATCH = 2  # positions a kernel of the head covers along h and w
_FLOOR = 1e-3  # of the mean variance, added to the noise


def entries(model: Mol, clips: Tensor, precision: Precision) -> Tensor:
    """The 14 maps in the head's order, [N, 14, 128, 16, 16], of normalised clips [N, 8, S, S]."""
    count = len(clips)
    maps = model.conv_stack(clips.flatten(0, 1)[:, None]).unflatten(0, (count, FRAMES))
    first = features(model.FCC_1, model.CCC_1, maps[:, :-1].flatten(0, 1), precision)
    second = features(model.FCC_2, model.CCC_2, maps[:, 1:].flatten(0, 1), precision)
    by_pair = [part.unflatten(0, (count, PAIRS)) for part in (first, second)]
    return torch.stack(by_pair, 2).flatten(1, 2)


def patches(maps: Tensor) -> Tensor:
    """Maps [N, T, 128, 16, 16] as the patches a kernel sees, [N, T, 64, 512]."""
    side = MAP // PATCH
    split = maps.unflatten(4, (side, PATCH)).unflatten(3, (side, PATCH))
    return split.permute(0, 1, 3, 5, 2, 4, 6).flatten(4).flatten(2, 3)


def directions(seen: Tensor, count: int = DIRECTIONS) -> Tensor:
    """Directions [512, count] in which patches change most slowly for their noise, best first.

    Signal is what changes from the first to the last three frames of a clip, and between its
    middle and its ends; noise is what a frame has that its two neighbours have not. Along each
    direction the noise has unit variance.

    Args:
        seen: patches [N, 14, 64, 512].
    """
    size = seen.shape[-1]
    signal, noise = torch.zeros(size, size), torch.zeros(size, size)
    for part in seen.split(16):
        for moments in (part[:, 0::2].float(), part[:, 1::2].float()):
            rise = moments[:, 4:].mean(1) - moments[:, :3].mean(1)
            ends = (moments[:, :2].mean(1) + moments[:, 5:].mean(1)) / 2
            for slow in (rise, moments[:, 2:5].mean(1) - ends):
                flat = slow.flatten(0, 1)
                signal += flat.T @ flat
            fast = moments[:, 1:-1] - (moments[:, :-2] + moments[:, 2:]) / 2
            flat = fast.flatten(0, 2)
            noise += flat.T @ flat / 3
    noise += _FLOOR * noise.trace() / size * torch.eye(size)
    inverse = torch.linalg.inv(torch.linalg.cholesky(noise))
    vectors = torch.linalg.eigh(inverse @ signal @ inverse.T).eigenvectors
    return inverse.T @ vectors.flip(1)[:, :count]


def changes(seen: Tensor, basis: Tensor) -> Tensor:
    """What changes along directions [512, K] from one frame to the next, [N, 64, 12, K].

    Entries alternate between the two sets of F5C, so one's successor in its set is the next but
    one.

    Args:
        seen: patches [N, 14, 64, 512].
        basis: the directions.
    """
    found = seen @ basis
    return (found[:, 2:] - found[:, :-2]).transpose(1, 2)
