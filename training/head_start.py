"""A first expression head, fitted in minutes to features that stand still meanwhile.

What moves in a micro-expression is a hundredth of what the features hold, and the head sees it
only once its kernels cancel what stands still and weigh each direction by how much more it changes
with an expression than with the camera's noise. By descent alone that takes very long. Here the
directions are found in closed form, the features of many clips are reduced to them once, and the
head is trained on what is left, at thousands of clips per second. Its kernels are then written out
in full: the network stays what it was, and is free to move on from there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.fast_edge import has_fast_bfloat16
from training.forward import features
from training.losses import NO_LABEL
from training.model import Mol
from training.model.config import CHANNELS, FRAMES, MAP, PAIRS
from training.options import Precision

log = logging.getLogger(__name__)

DIRECTIONS = 96  # of the 512 of a patch; beyond them noise changes more than expressions do
_LOOKED_AT = 512  # clips from which the directions are found
_FLOOR = 1e-3  # of the mean variance, added to the noise
_BATCH, _RATE, _DECAY, _CLIP = 64, 2e-3, 1e-2, 5.0
_PATCH = 2  # positions a kernel covers along h and w


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
    side = MAP // _PATCH
    split = maps.unflatten(4, (side, _PATCH)).unflatten(3, (side, _PATCH))
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


class ReducedHead(nn.Module):
    """The expression head on changes along directions, so blind to what stands still.

    Three weights of changes are a kernel of five taps whose taps 0, 2, 4 and 1, 3 each sum to
    zero, which is any kernel that cancels what all frames of a set share.

    Args:
        model: whose head it stands for.
        count: directions.
        dropout: of what is pooled and of the hidden layer.
    """

    def __init__(self, model: Mol, count: int, dropout: float) -> None:
        super().__init__()
        head = model.mer_3dcnn
        kernels = head.conv3d.out_channels
        self.kernel = nn.Parameter(torch.randn(3, count, kernels) / (1.5 * count) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(kernels))
        self.fc1 = nn.Linear(head.fc1.in_features, head.fc1.out_features)
        self.fc2 = nn.Linear(head.fc2.in_features, head.fc2.out_features)
        self.dropout = nn.Dropout(dropout)

    def taps(self) -> Tensor:
        """The kernels as they act on entries, [32, directions, 5]."""
        first, second, third = self.kernel.permute(0, 2, 1)
        return torch.stack([-first, -second, first - third, second, third], -1)

    def forward(self, changed: Tensor) -> Tensor:
        """Logits of changes [N, 64, 12, directions]."""
        side, length = MAP // _PATCH, changed.shape[2] - 2
        first, second, third = self.kernel.to(changed.dtype)
        maps = changed[:, :, :length] @ first
        maps = maps + changed[:, :, 1 : 1 + length] @ second + changed[:, :, 2:] @ third
        maps = (maps.float() + self.bias).unflatten(1, (side, side)).permute(0, 4, 1, 2, 3)
        pooled = self.dropout(F.max_pool3d(maps, 2, 2).flatten(1))
        logits: Tensor = self.fc2(self.dropout(F.relu(self.fc1(pooled))))
        return logits


class HeadStart:
    """Takes in clips, then fits the expression head to them.

    Args:
        model: its F5C stays as it is; `fit` writes into its expression head.
        precision: as in training.
        smoothing: label smoothing.
        dropout: see `ReducedHead`; tens of thousands of clips want less of it than hundreds.

    Example:
        >>> model = Mol().eval()
        >>> start = HeadStart(model, "fp32")
        >>> start.add(torch.randn(4, 8, 128, 128), torch.tensor([0, 1, 2, 3]))
        >>> start.fit(epochs=1, seed=0)
    """

    def __init__(
        self, model: Mol, precision: Precision, smoothing: float = 0.0, dropout: float = 0.5
    ) -> None:
        self._model, self._precision = model, precision
        self._smoothing, self._dropout = smoothing, dropout
        # Changes are kept in half the space, in numbers that this processor multiplies.
        self._stored = torch.bfloat16 if has_fast_bfloat16() else torch.float16
        self._raw: list[Tensor] = []
        self._reduced: list[Tensor] = []
        self._labels: list[Tensor] = []
        self._basis: Tensor | None = None
        self._size = 1.0

    @torch.no_grad()
    def add(self, clips: Tensor, labels: Tensor) -> None:
        """Take in normalised clips [N, 8, 128, 128] with their labels [N]."""
        self._labels.append(labels.cpu())
        seen = patches(entries(self._model, clips, self._precision)).cpu()
        if self._basis is not None:
            self._reduced.append(self._reduce(seen))
            return
        self._raw.append(seen.half())
        if sum(map(len, self._raw)) >= _LOOKED_AT:
            self._settle()

    def _settle(self) -> None:
        self._basis = directions(torch.cat(self._raw))
        first = [changes(part.float(), self._basis) for part in self._raw]
        self._size = float(torch.cat(first).std())
        self._reduced += [(part / self._size).to(self._stored) for part in first]
        self._raw = []

    def _reduce(self, seen: Tensor) -> Tensor:
        assert self._basis is not None
        return (changes(seen, self._basis) / self._size).to(self._stored)

    def fit(self, epochs: int, seed: int) -> None:
        """Train the head on the clips taken in, and write it into the network."""
        if self._basis is None:
            self._settle()
        generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            head = ReducedHead(self._model, self._reduced[0].shape[-1], self._dropout)
            self._train(head, epochs, generator)
        self._write(head)

    def _train(self, head: ReducedHead, epochs: int, generator: torch.Generator) -> None:
        reduced, labels = torch.cat(self._reduced), torch.cat(self._labels)
        self._reduced = []
        optimiser = torch.optim.AdamW(head.parameters(), _RATE, weight_decay=_DECAY)
        steps = epochs * -(-len(labels) // _BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps + 1)
        for epoch in range(epochs):
            losses = []
            for rows in self._batches(len(labels), generator):
                if not bool((labels[rows] != NO_LABEL).any()):
                    schedule.step()
                    continue
                loss = F.cross_entropy(
                    head(self._numbers(reduced[rows])),
                    labels[rows],
                    ignore_index=NO_LABEL,
                    label_smoothing=self._smoothing,
                )
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(head.parameters(), _CLIP)
                optimiser.step()
                schedule.step()
                losses.append(float(loss.detach()))
            mean = float(np.mean(losses)) if losses else float("nan")
            log.info("expression head, epoch %d/%d  loss %.4f", epoch + 1, epochs, mean)

    @staticmethod
    def _numbers(stored: Tensor) -> Tensor:
        return stored if stored.dtype == torch.bfloat16 else stored.float()

    @staticmethod
    def _batches(count: int, generator: torch.Generator) -> Iterator[Tensor]:
        yield from torch.randperm(count, generator=generator).split(_BATCH)

    @torch.no_grad()
    def _write(self, head: ReducedHead) -> None:
        assert self._basis is not None
        target = self._model.mer_3dcnn
        kernel = torch.einsum("ckt,pk->cpt", head.taps(), self._basis) / self._size
        shape = (len(kernel), CHANNELS, _PATCH, _PATCH, kernel.shape[-1])
        target.conv3d.weight.copy_(kernel.reshape(shape))
        assert target.conv3d.bias is not None
        target.conv3d.bias.copy_(head.bias)
        target.fc1.load_state_dict(head.fc1.state_dict())
        target.fc2.load_state_dict(head.fc2.state_dict())
