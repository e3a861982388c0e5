"""What a training run is made of: a TOML file read into frozen, validated dataclasses.

Each table of the file is one dataclass of `training.options`; `training/configs/lite.toml` shows
them at work.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from mol_edge.errors import InputError, MissingExtraError, OptionError
from training.model.config import PAIRS, MolConfig
from training.options import (
    AugmentOptions,
    DataOptions,
    LossOptions,
    OptimiserOptions,
    Phase,
    RunOptions,
)
from training.options.checks import require, require_types

_WHOLE = "configuration"


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
        require(len(self.phases) > 0, "phase", "given at least once", 0)
        require(self.scale is None or self.scale > 0, "scale", "above 0", self.scale)
        modes = (None, "anchored", "per_frame")
        require(self.alignment in modes, "alignment", "anchored or per_frame", self.alignment)
        most = self.data.pairs if self.data.kind == "synthetic" else PAIRS
        for phase in self.phases:
            wanted = f"at most data.pairs, which is {most}"
            require(phase.flow_pairs <= most, "phase.flow_pairs", wanted, phase.flow_pairs)

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
        """Dictionaries, lists and plain values, as checkpoints and JSON give them back."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def completed(kept: Mapping[str, Any]) -> dict[str, Any]:
    """What `FitConfig.to_dict` gave, with fields that came later at their defaults.

    Example:
        >>> old = {"name": "mol", "phases": [{"steps": 5}]}
        >>> completed(old)["phases"][0]["fit_head"]
        0
    """
    default, whole = FitConfig().to_dict(), dict(kept)
    for name, value in default.items():
        if isinstance(value, dict):
            whole[name] = {**value, **whole.get(name, {})}
    phase = _plain(asdict(Phase(steps=1)))
    whole["phases"] = [{**phase, **given} for given in whole.get("phases", default["phases"])]
    return {**default, **whole}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


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
    except OSError as error:
        raise InputError(
            f"The configuration {path} cannot be read ({error.strerror}): check the path."
        ) from None
    except ValueError as error:
        raise InputError(f"{path} must be a TOML file, and is not ({error}): correct it.") from None
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
        require(isinstance(phases, list), "phase", "tables as [[phase]] begins", phases)
        parts["phases"] = tuple(_build(Phase, "phase", phase) for phase in phases)
    parts["model"] = _model(tables.pop("model", {}), parts["data"].classes)
    return _build(FitConfig, _WHOLE, {**tables, **parts})


def _model(table: Mapping[str, Any], class_set: str) -> MolConfig:
    require(isinstance(table, Mapping), "model", "a table", table)
    table = dict(table)
    preset = table.pop("preset", "full")
    require(preset in ("full", "lite"), "model.preset", "full or lite", preset)
    table.setdefault("classes", 3 if class_set == "classes3" else 5)
    _check_names(MolConfig, "model", table)
    require_types(MolConfig, "model", table)
    return MolConfig.lite(**table) if preset == "lite" else MolConfig(**table)


def _build(kind: type[T], place: str, table: Mapping[str, Any]) -> T:
    _check_names(kind, place, table)
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    require_types(kind, "" if place == _WHOLE else place, values)
    try:
        return kind(**values)
    except TypeError as error:
        raise OptionError(
            f"The table {place} must hold the fields of {kind.__name__} ({error}): correct it."
        ) from None


def _check_names(kind: type, place: str, table: Mapping[str, Any]) -> None:
    require(isinstance(table, Mapping), place, "a table", table)
    known = [part.name for part in fields(kind)]
    for name in table:
        require(name in known, f"A field of {place}", f"one of {', '.join(known)}", name)


def _toml(text: str) -> dict[str, Any]:
    name = "tomllib" if sys.version_info >= (3, 11) else "tomli"
    try:
        reader = importlib.import_module(name)
    except ImportError:
        raise MissingExtraError(name, "train", "Reading a configuration") from None
    values: dict[str, Any] = reader.loads(text)
    return values
