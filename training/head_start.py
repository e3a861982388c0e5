"""A first expression head, fitted in minutes to features that stand still meanwhile.

What moves in a micro-expression is a hundredth of what the features hold, and the head sees it
only once its kernels cancel what stands still and weigh each direction by how much more it changes
with an expression than with the camera's noise. By descent alone that takes very long. Here the
directions are found in closed form, the features of many clips are reduced to them once, and the
head is trained on what is left, at a thousand clips per second and core. Its kernels are then
written out in full: the network stays what it was, and is free to move on from there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mol_edge.errors import InputError
from training.changes import PATCH, changes, directions, entries, patches
from training.fast_edge import has_fast_bfloat16
from training.losses import NO_LABEL
from training.model import Mol
from training.model.config import CHANNELS, MAP
from training.options import Precision

log = logging.getLogger(__name__)

_LOOKED_AT = 512  # clips from which the directions are found
_BATCH, _RATE, _DECAY, _CLIP = 64, 2e-3, 1e-2, 5.0
_STRENGTH = 0.2  # changes are shown up to so much stronger or weaker, as a logarithm
_BACKGROUND = 0.7  # and up to so much of a clip without a class is laid over them


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
        side, length = MAP // PATCH, changed.shape[2] - 2
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
        """Train the head on the clips taken in, and write it into the network.

        Raises:
            InputError: none of them has a class.
        """
        if not any(bool((labels != NO_LABEL).any()) for labels in self._labels):
            raise InputError(
                "A phase with fit_head must take in clips with a class, got none: add labelled "
                "clips, or take fit_head out."
            )
        if self._basis is None:
            self._settle()
        generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            head = ReducedHead(self._model, self._reduced[0].shape[-1], self._dropout)
            self._train(head, epochs, generator)
        self._write(head)

    def _train(self, head: ReducedHead, epochs: int, generator: torch.Generator) -> None:
        reduced, labels = self._joined(), torch.cat(self._labels)
        known, quiet = (labels != NO_LABEL).nonzero()[:, 0], (labels == NO_LABEL).nonzero()[:, 0]
        optimiser = torch.optim.AdamW(head.parameters(), _RATE, weight_decay=_DECAY)
        steps = epochs * -(-len(known) // _BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps + 1)
        for epoch in range(epochs):
            losses = []
            for places in self._batches(len(known), generator):
                rows = known[places]
                shown = self._varied(reduced, rows, quiet, generator)
                loss = F.cross_entropy(head(shown), labels[rows], label_smoothing=self._smoothing)
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(head.parameters(), _CLIP)
                optimiser.step()
                schedule.step()
                losses.append(float(loss.detach()))
            mean = float(np.mean(losses))
            log.info("expression head, epoch %d/%d  loss %.4f", epoch + 1, epochs, mean)

    def _varied(
        self, reduced: Tensor, rows: Tensor, quiet: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Changes at another strength, with those of a face that shows nothing laid over them."""
        shown = self._numbers(reduced[rows])
        share = torch.rand(2, len(rows), 1, 1, 1, generator=generator).to(shown.dtype)
        shown = shown * torch.exp(_STRENGTH * (2 * share[0] - 1))
        if len(quiet):
            drawn = quiet[torch.randint(len(quiet), (len(rows),), generator=generator)]
            shown = shown + _BACKGROUND * share[1] * self._numbers(reduced[drawn])
        return shown

    def _joined(self) -> Tensor:
        """All that was taken in as one; parts are let go one by one, since they are gigabytes."""
        parts, self._reduced = self._reduced, []
        joined = torch.empty((sum(map(len, parts)), *parts[0].shape[1:]), dtype=self._stored)
        end = len(joined)
        while parts:
            part = parts.pop()
            joined[end - len(part) : end] = part
            end -= len(part)
        return joined

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
        shape = (len(kernel), CHANNELS, PATCH, PATCH, kernel.shape[-1])
        target.conv3d.weight.copy_(kernel.reshape(shape))
        assert target.conv3d.bias is not None
        target.conv3d.bias.copy_(head.bias)
        target.fc1.load_state_dict(head.fc1.state_dict())
        target.fc2.load_state_dict(head.fc2.state_dict())
