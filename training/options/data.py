"""The table ``[data]``: where samples come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from training.model.config import PAIRS
from training.options.checks import require, require_choice

DataKind = Literal["synthetic", "prepared", "texture"]
ClassSet = Literal["casme5", "samm5", "classes3"]


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
        require_choice("data.kind", self.kind, DataKind)
        require_choice("data.classes", self.classes, ClassSet)
        for name in ("train", "validation", "evaluation"):
            require(getattr(self, name) >= 1, f"data.{name}", "at least 1", getattr(self, name))
        require(1 <= self.pairs <= PAIRS, "data.pairs", f"1 to {PAIRS}", self.pairs)
        require(self.stills >= 0, "data.stills", "0 or more", self.stills)
        share = self.validation_subjects
        require(0 < share < 1, "data.validation_subjects", "between 0 and 1", share)
        if self.kind == "prepared":
            require(self.folder is not None, "data.folder", "given for prepared data", None)
