"""The tables ``[[phase]]``: the stretches that a run is a row of."""

from __future__ import annotations

from dataclasses import dataclass, replace

from training.model.config import PAIRS, PARTS
from training.options.checks import require
from training.options.loss import LossOptions


@dataclass(frozen=True)
class Phase:
    """A stretch of training; what is None is as in the other tables.

    Attributes:
        steps: optimiser steps.
        batch: clips per step; 0 trains on stills alone.
        stills: stills per step.
        flow_pairs: pairs per clip whose flow is trained; 0 leaves flow out.
        lr: largest learning rate.
        expression, flow, landmarks: weights of the loss.
        freeze: parts of the network that rest in this phase, such as ``flownet``: neither their
            weights nor their batch norms' statistics change. Where the run keeps an average of
            the weights (`optimiser.ema`), a phase with resting parts begins from it, since no
            falling rate settles what rests.
        fit_head: above 0, the steps of this phase only take in clips, and at its end the
            expression head is fitted to their features for so many epochs
            (`training.head_start`); nothing else is trained. Like a phase with resting parts it
            begins from the average.
        fit_dropout: dropout of that fit. Hundreds of clips want 0.5, tens of thousands 0.3.
    """

    steps: int
    batch: int = 16
    stills: int = 0
    flow_pairs: int = 1
    lr: float | None = None
    expression: float | None = None
    flow: float | None = None
    landmarks: float | None = None
    freeze: tuple[str, ...] = ()
    fit_head: int = 0
    fit_dropout: float = 0.5

    def __post_init__(self) -> None:
        require(self.fit_head >= 0, "phase.fit_head", "0 or more", self.fit_head)
        require(0 <= self.fit_dropout < 1, "phase.fit_dropout", "0 to below 1", self.fit_dropout)
        require(self.steps >= 1, "phase.steps", "at least 1", self.steps)
        for name in ("batch", "stills"):
            require(getattr(self, name) >= 0, f"phase.{name}", "0 or more", getattr(self, name))
        require(self.batch + self.stills >= 2, "phase.batch", "2 or more with stills", self.batch)
        require(0 <= self.flow_pairs <= PAIRS, "phase.flow_pairs", "0 to 7", self.flow_pairs)
        for part in self.freeze:
            require(part in PARTS, "phase.freeze", f"parts of the network {PARTS}", part)

    def loss(self, base: LossOptions) -> LossOptions:
        """The weights of this phase."""
        names = ("expression", "flow", "landmarks")
        given = {n: getattr(self, n) for n in names if getattr(self, n) is not None}
        return replace(base, **given)
