"""What an export needs to know, from its options or from the checkpoint."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from export.checkpoint import Checkpoint
from export.precision.add import PrecisionOptions
from mol_edge.errors import InputError, OptionError

AlignmentMode = Literal["per_frame", "anchored"]

STORED_WHOLE, STORED_IN_HALF = 1e-3, 5e-2
"""Largest difference from PyTorch by how weights are stored; landmarks are pixels."""


@dataclass(frozen=True)
class ExportOptions:
    """What an export needs to know beyond the checkpoint.

    What is None is taken from the checkpoint, if it is one of ours.

    Attributes:
        labels: class names in the order of the logits.
        mean: subtracted from luma 0 to 255.
        scale: divisor after that.
        window_ms: time from the first to the last of a window's samples (350 by default).
        alignment: how faces were aligned in training (``per_frame`` by default).
        neighbours: k of the graph, for official state dicts (4 by default).
        name: name of the model; by default that of the checkpoint's file.
        openvino: write OpenVINO IR too.
        fused: write the fused `clip` graph too.
        half_storage: keep weights as float16 on disk and compute in float32; what feeds the
            neighbour search stays float32.
        tolerance: largest difference from PyTorch that passes; by default 1e-3, and 5e-2
            with half storage.
        trained: whether the weights have learned anything.
        intended_use: for the manifest.
        precision: precisions beside float32, and how they are made and judged.

    Raises:
        OptionError: a value outside its range.
    """

    labels: tuple[str, ...] | None = None
    mean: float | None = None
    scale: float | None = None
    window_ms: float | None = None
    alignment: AlignmentMode | None = None
    neighbours: int | None = None
    name: str | None = None
    openvino: bool = False
    fused: bool = True
    half_storage: bool = False
    tolerance: float | None = None
    trained: bool = True
    intended_use: str = "Research on micro-expressions; not for decisions about people."
    precision: PrecisionOptions = PrecisionOptions()

    def __post_init__(self) -> None:
        for field, value in (
            ("scale", self.scale),
            ("window_ms", self.window_ms),
            ("tolerance", self.tolerance),
        ):
            if value is not None and not (_is_number(value) and value > 0):
                raise OptionError(f"{field} must be a finite number above 0, got {value!r}.")
        if self.mean is not None and not _is_number(self.mean):
            raise OptionError(f"mean must be a finite number, got {self.mean!r}.")
        if self.alignment not in (None, *get_args(AlignmentMode)):
            raise OptionError(
                f"alignment must be one of {', '.join(get_args(AlignmentMode))}, "
                f"got {self.alignment!r}."
            )
        if self.name is not None and not self.name.strip():
            raise OptionError("name must not be empty: leave --name out for the checkpoint's.")
        if self.name is not None and not (self.name.isprintable() and "/" not in self.name):
            raise OptionError(f"name must be one line without a slash, got {self.name!r}.")
        _check_labels(self.labels)

    @property
    def allowed(self) -> float:
        """The tolerance in force."""
        return self.tolerance or (STORED_IN_HALF if self.half_storage else STORED_WHOLE)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _check_labels(labels: tuple[str, ...] | None) -> None:
    if labels is None:
        return
    named = isinstance(labels, tuple) and all(isinstance(x, str) and x for x in labels)
    if not named:
        raise OptionError(f"labels (--classes) must be names, none of them empty, got {labels!r}.")
    if len(set(labels)) != len(labels):
        raise OptionError(f"labels (--classes) must differ, got {', '.join(labels)}.")


def completed(path: Path, loaded: Checkpoint, options: ExportOptions) -> ExportOptions:
    """The options with what they leave open taken from the checkpoint.

    Args:
        path: where the checkpoint was read from, for messages.
        loaded: the checkpoint.
        options: what was asked for, which wins.

    Raises:
        InputError: what the checkpoint says of itself cannot be used.
        OptionError: labels, mean or scale are known from neither, or there is not one label for
            each class.
    """
    facts = loaded.facts
    labels = facts.get("labels")
    known = {
        "labels": tuple(labels) if isinstance(labels, (list, tuple)) else labels,
        "mean": facts.get("mean"),
        "scale": facts.get("scale"),
        "window_ms": facts.get("window_ms", 350.0),
        "alignment": facts.get("alignment", "per_frame"),
        "name": path.stem,
    }
    known = {key: value for key, value in known.items() if getattr(options, key) is None}
    try:
        options = replace(options, **known)
    except OptionError as error:
        raise InputError(
            f"The checkpoint {path} must say what training.fit writes, and does not "
            f"({str(error).rstrip('.')}): save it again, or give the option."
        ) from None
    flags = {"labels": "--classes", "mean": "--mean", "scale": "--scale"}
    missing = [flag for field, flag in flags.items() if getattr(options, field) is None]
    if missing:
        told = " and ".join(filter(None, (", ".join(missing[:-1]), missing[-1])))
        one = len(missing) == 1
        raise OptionError(
            f"{told} {'is' if one else 'are'} needed, since {path} does not say "
            f"{'it' if one else 'them'}: give the "
            f"{'value' if one else 'values'} it was trained with."
        )
    assert options.labels is not None
    classes = loaded.model.config.classes
    if len(options.labels) != classes:
        raise OptionError(
            f"--classes must name the {classes} classes of {path}, got {len(options.labels)}: "
            f"{', '.join(options.labels)}."
        )
    return options
