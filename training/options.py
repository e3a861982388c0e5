"""The tables of a training configuration: frozen dataclasses; see `training.config`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

from mol_edge.errors import OptionError
from training.model.config import PAIRS

FlowKind = Literal["mse", "charbonnier", "epe"]
DataKind = Literal["synthetic", "prepared", "texture"]
ClassSet = Literal["casme5", "samm5", "classes3"]
ScheduleKind = Literal["cosine", "onecycle", "constant"]
Precision = Literal["auto", "fp32", "bf16", "fp16"]
Select = Literal["loss", "uf1", "accuracy"]
Init = Literal["default", "gradient"]

_PARTS = (
    "conv_stack", "FCC_1", "FCC_2", "CCC_1", "CCC_2", "flownet", "mer_3dcnn", "ldm_predictor",
)  # fmt: skip


def require(fits: bool, name: str, wanted: str, came: object) -> None:
    if not fits:
        raise OptionError(f"{name} must be {wanted}, got {came!r}: change it in the configuration.")


def _choice(name: str, value: object, kind: Any) -> None:
    require(value in get_args(kind), name, f"one of {', '.join(get_args(kind))}", value)


@dataclass(frozen=True)
class DataOptions:
    """Where samples come from.

    Attributes:
        kind: ``synthetic`` clips, a ``prepared`` folder of a licensed dataset, or ``texture``
            (moving noise, to try the machinery).
        classes: class set.
        train, validation, evaluation: synthetic clips of each split.
        pairs: pairs of each synthetic clip whose exact flow is kept.
        stills: single synthetic frames, for landmarks alone.
        options: fields of `SyntheticOptions` for the clips.
        still_options: fields of `SyntheticOptions` for the stills.
        cache: folder in which synthetic samples are kept, relative to the configuration's folder
            of work; None makes them anew whenever they are needed.
        folder: a prepared dataset.
        validation_subjects: share of the training subjects held out to choose the checkpoint.
    """

    kind: DataKind = "synthetic"
    classes: ClassSet = "casme5"
    train: int = 8000
    validation: int = 400
    evaluation: int = 1000
    pairs: int = 2
    stills: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    still_options: Mapping[str, Any] = field(default_factory=dict)
    cache: str | None = "runs/cache"
    folder: str | None = None
    validation_subjects: float = 0.15

    def __post_init__(self) -> None:
        _choice("data.kind", self.kind, DataKind)
        _choice("data.classes", self.classes, ClassSet)
        for name in ("train", "validation", "evaluation"):
            require(getattr(self, name) >= 1, f"data.{name}", "at least 1", getattr(self, name))
        require(1 <= self.pairs <= PAIRS, "data.pairs", f"1 to {PAIRS}", self.pairs)
        require(self.stills >= 0, "data.stills", "0 or more", self.stills)
        share = self.validation_subjects
        require(0 < share < 1, "data.validation_subjects", "between 0 and 1", share)
        if self.kind == "prepared":
            require(self.folder is not None, "data.folder", "given for prepared data", None)


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
        _choice("loss.flow_kind", self.flow_kind, FlowKind)
        for name in ("expression", "flow", "landmarks", "moving", "background", "coarse"):
            value = getattr(self, name)
            require(value >= 0, f"loss.{name}", "0 or more", value)
        require(
            0 <= self.label_smoothing < 1, "loss.label_smoothing", "0 to 1", self.label_smoothing
        )


@dataclass(frozen=True)
class AugmentOptions:
    """Random changes of a training sample; strengths are the largest drawn.

    Attributes:
        flip: probability of mirroring left and right.
        gain: change of contrast, as a factor e^±gain.
        gamma: change of gamma, as an exponent e^±gamma.
        bias: change of brightness, gray levels.
        noise: standard deviation of the grain, gray levels.
        blur: standard deviation of the blur, pixels.
        cutout: probability of a box of one gray tone.
        flicker: change of brightness from frame to frame, gray levels.
        shift: translation of the whole clip, pixels.
        turn: rotation of the whole clip, degrees.
        zoom: change of size of the whole clip, as a factor e^±zoom.
        share: probability that shift, turn and zoom are applied at all.
    """

    flip: float = 0.5
    gain: float = 0.3
    gamma: float = 0.3
    bias: float = 15.0
    noise: float = 4.0
    blur: float = 0.8
    cutout: float = 0.0
    flicker: float = 0.0
    shift: float = 0.0
    turn: float = 0.0
    zoom: float = 0.0
    share: float = 0.5

    def __post_init__(self) -> None:
        for part in fields(self):
            value = getattr(self, part.name)
            require(value >= 0, f"augment.{part.name}", "0 or more", value)
        for name in ("flip", "cutout", "share"):
            value = getattr(self, name)
            require(value <= 1, f"augment.{name}", "0 to 1", value)


NO_AUGMENT = AugmentOptions(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


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
        _choice("optimiser.schedule", self.schedule, ScheduleKind)
        require(self.lr > 0, "optimiser.lr", "above 0", self.lr)
        for part, factor in self.rates.items():
            known = f"parts of the network ({', '.join(_PARTS)})"
            require(part in _PARTS, "optimiser.rates", known, part)
            require(factor > 0, f"optimiser.rates.{part}", "above 0", factor)
        require(len(self.betas) == 2, "optimiser.betas", "two numbers", self.betas)
        for name, high in (("warmup", 0.9), ("floor", 1.0), ("ema", 0.99999)):
            value = getattr(self, name)
            require(0 <= value <= high, f"optimiser.{name}", f"0 to {high}", value)


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
        freeze: parts of the network that stay as they are, such as ``flownet``.
        fit_head: above 0, the steps of this phase only take in clips, and at its end the
            expression head is fitted to their features for so many epochs
            (`training.head_start`); nothing else is trained.
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

    def __post_init__(self) -> None:
        require(self.fit_head >= 0, "phase.fit_head", "0 or more", self.fit_head)
        require(self.steps >= 1, "phase.steps", "at least 1", self.steps)
        for name in ("batch", "stills"):
            require(getattr(self, name) >= 0, f"phase.{name}", "0 or more", getattr(self, name))
        require(self.batch + self.stills >= 2, "phase.batch", "2 or more with stills", self.batch)
        require(0 <= self.flow_pairs <= PAIRS, "phase.flow_pairs", "0 to 7", self.flow_pairs)
        for part in self.freeze:
            require(part in _PARTS, "phase.freeze", f"parts of the network {_PARTS}", part)

    def loss(self, base: LossOptions) -> LossOptions:
        """The weights of this phase."""
        names = ("expression", "flow", "landmarks")
        given = {n: getattr(self, n) for n in names if getattr(self, n) is not None}
        return replace(base, **given)


@dataclass(frozen=True)
class RunOptions:
    """How the run uses the machine.

    Attributes:
        seed: decides weights, order and augmentation.
        device: ``cpu``, ``cuda`` or ``auto``.
        precision: ``bf16`` and ``fp16`` run the heads under autocast on a GPU; on a CPU that
            multiplies it natively ``bf16`` is for the backward pass of CCC. Features, and with
            them the graph's similarity, stay float32. ``auto`` is bf16 where it is native.
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
        _choice("run.precision", self.precision, Precision)
        _choice("run.select", self.select, Select)
        _choice("run.init", self.init, Init)
        for name in ("workers", "prefetch", "log_every", "validate_every", "save_every"):
            require(getattr(self, name) >= 1, f"run.{name}", "at least 1", getattr(self, name))
