"""The table ``[loss]``: weights and kind of the joint loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from training.options.checks import require, require_choice

FlowKind = Literal["mse", "charbonnier", "epe"]


@dataclass(frozen=True)
class LossOptions:
    """The joint loss: expression · CE + flow · flow error / 7 + landmarks · L1 / pupil distance.

    Attributes:
        expression: weight of the cross entropy.
        flow: weight of the flow's error (the paper's 10).
        landmarks: weight of the landmarks' error (0.1 in the official README, 0.5 in its code).
        label_smoothing: share of the target given to all classes alike.
        balanced: whether classes are weighted by the inverse of their frequency.
        flow_kind: ``mse`` as in the paper, ``charbonnier`` or ``epe``.
        moving: how much more a pixel counts that moves by itself (more than 0.1 px once the best
            similarity transform is taken off).
        background: how much a pixel off the face counts.
        coarse: weight of the flow head's coarser predictions, which nothing else tells what they
            should be; flow is learned sooner with it.
    """

    expression: float = 1.0
    flow: float = 10.0
    landmarks: float = 0.5
    label_smoothing: float = 0.0
    balanced: bool = False
    flow_kind: FlowKind = "mse"
    moving: float = 0.0
    background: float = 1.0
    coarse: float = 0.0

    def __post_init__(self) -> None:
        require_choice("loss.flow_kind", self.flow_kind, FlowKind)
        for name in ("expression", "flow", "landmarks", "moving", "background", "coarse"):
            value = getattr(self, name)
            require(value >= 0, f"loss.{name}", "0 or more", value)
        require(
            0 <= self.label_smoothing < 1, "loss.label_smoothing", "0 to 1", self.label_smoothing
        )
