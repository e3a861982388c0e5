"""The tables of a training configuration, each a frozen dataclass; see `training.config`."""

from training.options.augment import NO_AUGMENT, AugmentOptions
from training.options.data import ClassSet, DataOptions
from training.options.loss import LossOptions
from training.options.optimiser import OptimiserOptions
from training.options.phase import Phase
from training.options.run import Init, Precision, RunOptions, Select

__all__ = [
    "NO_AUGMENT",
    "AugmentOptions",
    "ClassSet",
    "DataOptions",
    "Init",
    "LossOptions",
    "OptimiserOptions",
    "Phase",
    "Precision",
    "RunOptions",
    "Select",
]
