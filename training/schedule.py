"""Learning rates, the groups they act on, and the moving average of weights."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from training.model import Mol
from training.options import OptimiserOptions

_ONECYCLE_START = 0.04
_USUAL = 0.05  # size of a weight for which the run's rate is meant


def learning_rate(options: OptimiserOptions, peak: float, step: int, steps: int) -> float:
    """The rate at `step` (from 0) of a phase of `steps`.

    Example:
        >>> options = OptimiserOptions(warmup=0.1, floor=0.0)
        >>> [round(learning_rate(options, 1.0, s, 100), 2) for s in (0, 9, 55, 99)]
        [0.1, 1.0, 0.48, 0.0]
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
    """AdamW that decays matrices and kernels, not biases, batch norms and embeddings.

    With `relative` each tensor's rate is in proportion to the size of its first weights: an Adam
    step of 1e-3 is nothing to a weight of 1, and wipes out one of 0.01, of which the wide layers
    and the flow predictors are made (flow is 0.1 px, so their weights are small). `rates` go on
    top of that.
    """
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        bare = parameter.dim() < 2 or "_pe_" in name
        decay = 0.0 if bare else options.weight_decay
        factor = options.rates.get(name.split(".")[0], 1.0)
        factor *= 1.0 if bare or not options.relative else rate_factor(parameter)
        groups.setdefault((factor, decay), []).append(parameter)
    tables = [
        {"params": tensors, "weight_decay": decay, "factor": factor}
        for (factor, decay), tensors in groups.items()
    ]
    return AdamW(tables, lr=options.lr, betas=options.betas, fused=True)


def rate_factor(weights: Tensor) -> float:
    """How the learning rate of a tensor relates to the run's: a power of two from 1/64 to 8.

    Example:
        >>> rate_factor(torch.full((4, 4), 0.05)), rate_factor(torch.full((4, 4), 0.006))
        (1.0, 0.125)
    """
    size = float(weights.detach().square().mean().sqrt())
    return 2.0 ** min(3, max(-6, round(math.log2(max(size, 1e-9) / _USUAL))))


def set_rate(optimiser: AdamW, rate: float) -> None:
    """Set the run's rate, each group by its factor."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["factor"]


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
