"""Learning rates, the groups they act on, and the moving average of weights."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from training.config import OptimiserOptions
from training.model import Mol

_ONECYCLE_START = 0.04


def learning_rate(options: OptimiserOptions, peak: float, step: int, steps: int) -> float:
    """The rate at `step` (from 0) of a phase of `steps`.

    Example:
        >>> options = OptimiserOptions(warmup=0.1, floor=0.0)
        >>> [round(learning_rate(options, 1.0, s, 100), 2) for s in (0, 9, 55, 99)]
        [0.1, 1.0, 0.49, 0.0]
    """
    if options.schedule == "constant":
        return peak
    rising = max(1, round(options.warmup * steps))
    if step < rising:
        share = (step + 1) / rising
        if options.schedule == "onecycle":
            smooth = 0.5 - 0.5 * math.cos(math.pi * share)
            return peak * (_ONECYCLE_START + (1 - _ONECYCLE_START) * smooth)
        return peak * share
    share = (step + 1 - rising) / max(1, steps - rising)
    falling = 0.5 + 0.5 * math.cos(math.pi * share)
    return peak * (options.floor + (1 - options.floor) * falling)


def make_optimiser(model: nn.Module, options: OptimiserOptions) -> AdamW:
    """AdamW that decays matrices and kernels, not biases, batch norms and embeddings."""
    decayed: list[Tensor] = []
    plain: list[Tensor] = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            bare = parameter.dim() < 2 or "_pe_" in name
            (plain if bare else decayed).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": options.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=options.lr, betas=options.betas, fused=True)


class Average:
    """Exponential moving average of a network's weights; batch norms' statistics are copied."""

    def __init__(self, model: Mol, decay: float) -> None:
        self.decay = decay
        self.model = copy.deepcopy(model).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, model: Mol, step: int) -> None:
        """Take in the weights after a step; early steps count more than the decay says."""
        decay = min(self.decay, (1 + step) / (10 + step))
        mine: list[Tensor] = list(self.model.parameters())
        theirs: list[Tensor] = [p.detach() for p in model.parameters()]
        torch._foreach_lerp_(mine, theirs, 1 - decay)
        for own, other in zip(self.model.buffers(), model.buffers()):
            own.copy_(other)
