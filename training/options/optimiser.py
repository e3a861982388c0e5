"""The table ``[optimiser]``: AdamW, its rates and the average of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from training.model.config import PARTS
from training.options.checks import require, require_choice

ScheduleKind = Literal["cosine", "onecycle", "constant"]


@dataclass(frozen=True)
class OptimiserOptions:
    """AdamW and what goes with it.

    Attributes:
        lr: largest learning rate (the paper's is 1e-4).
        weight_decay: on matrices and kernels, not on biases and batch norms.
        betas: AdamW's decay rates.
        clip: largest norm of the gradient; 0 does not clip.
        schedule: ``cosine`` or ``onecycle`` (both warm up and end low) or ``constant``.
        warmup: share of a phase's steps over which the rate rises.
        floor: the rate at the end, as a share of the largest.
        relative: whether a tensor's rate is in proportion to the size of its first weights.
        rates: factors on the rate of single parts of the network, such as ``ldm_predictor``.
        ema: decay of the moving average of the weights that is kept as the model; 0 for none.
    """

    lr: float = 1e-4
    weight_decay: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    clip: float = 1.0
    schedule: ScheduleKind = "cosine"
    warmup: float = 0.05
    floor: float = 0.01
    relative: bool = True
    rates: Mapping[str, float] = field(default_factory=dict)
    ema: float = 0.0

    def __post_init__(self) -> None:
        require_choice("optimiser.schedule", self.schedule, ScheduleKind)
        require(self.lr > 0, "optimiser.lr", "above 0", self.lr)
        for part, factor in self.rates.items():
            known = f"parts of the network ({', '.join(PARTS)})"
            require(part in PARTS, "optimiser.rates", known, part)
            require(factor > 0, f"optimiser.rates.{part}", "above 0", factor)
        require(len(self.betas) == 2, "optimiser.betas", "two numbers", self.betas)
        for name, high in (("warmup", 0.9), ("floor", 1.0), ("ema", 0.99999)):
            value = getattr(self, name)
            require(0 <= value <= high, f"optimiser.{name}", f"0 to {high}", value)
