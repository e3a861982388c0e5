"""The table ``[run]``: how a run uses the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mol_edge.backends.base import MOST_THREADS
from training.options.checks import require, require_choice

Precision = Literal["auto", "fp32", "bf16", "fp16"]
Select = Literal["loss", "uf1", "accuracy"]
Init = Literal["default", "gradient"]


@dataclass(frozen=True)
class RunOptions:
    """How the run uses the machine.

    Attributes:
        seed: decides weights, order and augmentation.
        device: ``cpu``, ``cuda`` or ``auto``.
        precision: ``bf16`` and ``fp16`` run the flow and expression heads under autocast on a
            GPU; on a CPU that multiplies it natively ``bf16`` is for the backward pass of CCC.
            Features, and with them the graph's similarity, and landmarks stay float32. ``auto``
            is bf16 where it is native.
        threads: threads of PyTorch on a CPU; 0 takes all cores.
        workers: threads that assemble batches.
        processes: whether the workers are processes instead (for a GPU, or samples made anew).
        prefetch: batches that are kept ready.
        log_every: steps between two lines of the log.
        validate_every: steps between two validations.
        save_every: steps between two checkpoints to resume from.
        select: what the best checkpoint has: least ``loss``, or highest ``uf1`` or ``accuracy``.
        init: ``gradient`` starts the flow head as gradient-based flow and the features as local
            descriptions of a patch, from which all learns faster; ``default`` as PyTorch does.
    """

    seed: int = 0
    device: str = "auto"
    precision: Precision = "auto"
    threads: int = 0
    workers: int = 1
    processes: bool = False
    prefetch: int = 4
    log_every: int = 20
    validate_every: int = 500
    save_every: int = 250
    select: Select = "loss"
    init: Init = "gradient"

    def __post_init__(self) -> None:
        require_choice("run.precision", self.precision, Precision)
        require_choice("run.select", self.select, Select)
        require_choice("run.init", self.init, Init)
        fits = 0 <= self.threads <= MOST_THREADS
        require(fits, "run.threads", f"0 to {MOST_THREADS}", self.threads)
        for name in ("workers", "prefetch", "log_every", "validate_every", "save_every"):
            require(getattr(self, name) >= 1, f"run.{name}", "at least 1", getattr(self, name))
