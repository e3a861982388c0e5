"""What a training run is made of: a TOML file read into frozen, validated dataclasses.

Each table of the file is one dataclass; `training/configs/lite.toml` shows them at work.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from mol_edge.errors import InputError, MissingExtraError, OptionError
from training.model.config import PAIRS, MolConfig

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


def _require(fits: bool, name: str, wanted: str, came: object) -> None:
    if not fits:
        raise OptionError(f"{name} must be {wanted}, got {came!r}: change it in the configuration.")


def _choice(name: str, value: object, kind: Any) -> None:
    _require(value in get_args(kind), name, f"one of {', '.join(get_args(kind))}", value)


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
            _require(getattr(self, name) >= 1, f"data.{name}", "at least 1", getattr(self, name))
        _require(1 <= self.pairs <= PAIRS, "data.pairs", f"1 to {PAIRS}", self.pairs)
        _require(self.stills >= 0, "data.stills", "0 or more", self.stills)
        share = self.validation_subjects
        _require(0 < share < 1, "data.validation_subjects", "between 0 and 1", share)
        if self.kind == "prepared":
            _require(self.folder is not None, "data.folder", "given for prepared data", None)


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
            _require(value >= 0, f"loss.{name}", "0 or more", value)
        _require(
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
            _require(value >= 0, f"augment.{part.name}", "0 or more", value)
        for name in ("flip", "cutout", "share"):
            value = getattr(self, name)
            _require(value <= 1, f"augment.{name}", "0 to 1", value)


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
        _require(self.lr > 0, "optimiser.lr", "above 0", self.lr)
        for part, factor in self.rates.items():
            known = f"parts of the network ({', '.join(_PARTS)})"
            _require(part in _PARTS, "optimiser.rates", known, part)
            _require(factor > 0, f"optimiser.rates.{part}", "above 0", factor)
        _require(len(self.betas) == 2, "optimiser.betas", "two numbers", self.betas)
        for name, high in (("warmup", 0.9), ("floor", 1.0), ("ema", 0.99999)):
            value = getattr(self, name)
            _require(0 <= value <= high, f"optimiser.{name}", f"0 to {high}", value)


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

    def __post_init__(self) -> None:
        _require(self.steps >= 1, "phase.steps", "at least 1", self.steps)
        for name in ("batch", "stills"):
            _require(getattr(self, name) >= 0, f"phase.{name}", "0 or more", getattr(self, name))
        _require(self.batch + self.stills >= 2, "phase.batch", "2 or more with stills", self.batch)
        _require(0 <= self.flow_pairs <= PAIRS, "phase.flow_pairs", "0 to 7", self.flow_pairs)
        for part in self.freeze:
            _require(part in _PARTS, "phase.freeze", f"parts of the network {_PARTS}", part)

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
            _require(getattr(self, name) >= 1, f"run.{name}", "at least 1", getattr(self, name))


@dataclass(frozen=True)
class FitConfig:
    """A whole run.

    Attributes:
        name: name of the model.
        model: the network (in TOML `preset = "lite"` or "full", and fields that differ).
        mean, scale: constants of the normalisation; measured on the training set if None.
        window_ms: time from the first to the last frame of a clip, for the bundle.
        alignment: how the faces were aligned, ``anchored`` or ``per_frame``; that of the data if
            None.
    """

    name: str = "mol"
    model: MolConfig = field(default_factory=MolConfig)
    data: DataOptions = field(default_factory=DataOptions)
    loss: LossOptions = field(default_factory=LossOptions)
    augment: AugmentOptions = field(default_factory=AugmentOptions)
    optimiser: OptimiserOptions = field(default_factory=OptimiserOptions)
    run: RunOptions = field(default_factory=RunOptions)
    phases: tuple[Phase, ...] = (Phase(steps=1000, batch=32),)
    mean: float | None = None
    scale: float | None = None
    window_ms: float = 350.0
    alignment: str | None = None

    def __post_init__(self) -> None:
        _require(len(self.phases) > 0, "phase", "given at least once", 0)
        _require(self.scale is None or self.scale > 0, "scale", "above 0", self.scale)
        modes = (None, "anchored", "per_frame")
        _require(self.alignment in modes, "alignment", "anchored or per_frame", self.alignment)
        most = self.data.pairs if self.data.kind == "synthetic" else PAIRS
        for phase in self.phases:
            wanted = f"at most data.pairs, which is {most}"
            _require(phase.flow_pairs <= most, "phase.flow_pairs", wanted, phase.flow_pairs)

    @property
    def steps(self) -> int:
        """Steps of all phases."""
        return sum(phase.steps for phase in self.phases)

    def phase_at(self, step: int) -> tuple[int, Phase]:
        """The phase that a step belongs to, and its first step."""
        start = 0
        for phase in self.phases:
            if step < start + phase.steps:
                return start, phase
            start += phase.steps
        raise OptionError(f"A step must lie within 0 to {self.steps - 1}, got {step}.")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as checkpoints keep them."""
        return asdict(self)


T = TypeVar("T")


def load_config(path: Path) -> FitConfig:
    """Read a configuration.

    Raises:
        InputError: the file cannot be read or is no TOML.
        OptionError: an unknown table or field, or a value out of range; the message names it.

    Example:
        >>> load_config(Path("training/configs/lite.toml")).model.flow_width
        0.125
    """
    try:
        values = _toml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} must be a readable TOML file, and is not ({error}): correct it."
        ) from None
    return config_from(values)


def config_from(values: Mapping[str, Any]) -> FitConfig:
    """A configuration from the tables of a TOML file; see `load_config`."""
    tables = dict(values)
    parts: dict[str, Any] = {
        "data": _build(DataOptions, "data", tables.pop("data", {})),
        "loss": _build(LossOptions, "loss", tables.pop("loss", {})),
        "augment": _build(AugmentOptions, "augment", tables.pop("augment", {})),
        "optimiser": _build(OptimiserOptions, "optimiser", tables.pop("optimiser", {})),
        "run": _build(RunOptions, "run", tables.pop("run", {})),
    }
    phases = tables.pop("phase", tables.pop("phases", None))
    if phases is not None:
        parts["phases"] = tuple(_build(Phase, "phase", phase) for phase in phases)
    parts["model"] = _model(tables.pop("model", {}), parts["data"].classes)
    return _build(FitConfig, "configuration", {**tables, **parts})


def _model(table: Mapping[str, Any], class_set: str) -> MolConfig:
    table = dict(table)
    preset = table.pop("preset", "full")
    _require(preset in ("full", "lite"), "model.preset", "full or lite", preset)
    table.setdefault("classes", 3 if class_set == "classes3" else 5)
    _check_names(MolConfig, "model", table)
    return MolConfig.lite(**table) if preset == "lite" else MolConfig(**table)


def _build(kind: type[T], place: str, table: Mapping[str, Any]) -> T:
    _check_names(kind, place, table)
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise OptionError(
            f"The table {place} must hold the fields of {kind.__name__} ({error}): correct it."
        ) from None


def _check_names(kind: type, place: str, table: Mapping[str, Any]) -> None:
    known = [part.name for part in fields(kind)]
    for name in table:
        _require(name in known, f"A field of {place}", f"one of {', '.join(known)}", name)


def _toml(text: str) -> dict[str, Any]:
    name = "tomllib" if sys.version_info >= (3, 11) else "tomli"
    try:
        reader = importlib.import_module(name)
    except ImportError:
        raise MissingExtraError(name, "train", "Reading a configuration") from None
    values: dict[str, Any] = reader.loads(text)
    return values
