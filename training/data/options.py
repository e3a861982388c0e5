"""What to prepare, from where, and how."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from mol_edge.errors import OptionError

SetName = Literal["casme2", "samm", "smic"]
Layout = Literal["official", "original"]
Alignment = Literal["anchored", "per_frame"]
Protocol = Literal["official", "event", "both"]


@dataclass(frozen=True)
class PrepareOptions:
    """Options of `prepare`.

    Attributes:
        dataset: ``casme2`` (CASME II), ``samm`` or ``smic`` (its HS part).
        layout: ``official`` is the MOL authors' `class/subject_clip/frame.jpg`; ``original`` is
            the folder tree that the set's own authors hand out, with its coding sheet.
        root: folder that holds the class folders, or the subject folders.
        landmarks: ``dlib:FILE`` (the 68-point predictor's file) or ``csv:FILE`` (one row per
            frame: path below `root`, x0, y0, …, x67, y67 in pixels of the frame).
        classes: 3 (negative, positive, surprise) or 5 (the set's own; SMIC has 3 only).
        out: folder of the cache.
        sheet: coding sheet (.xlsx or .csv) of the original layout; by default the one file in
            `root`, or beside it, that has its columns.
        alignment: ``anchored`` holds one transform for a clip, from the mean of its points;
            ``per_frame`` aligns every frame by itself, as the official protocol does.
        protocol: how 8 frames are taken; ``official`` is every phase of stride n // 8, ``event``
            one sample from onset to offset, ``both`` keeps the two.
        jobs: processes that work side by side.

    Raises:
        OptionError: a value is outside what is written above.

    Example:
        >>> from pathlib import Path
        >>> PrepareOptions("samm", "official", Path("SAMM_data_5"), "csv:points.csv", 5,
        ...                Path("cache"), jobs=1).alignment
        'anchored'
    """

    dataset: SetName
    layout: Layout
    root: Path
    landmarks: str
    classes: int
    out: Path
    sheet: Path | None = None
    alignment: Alignment = "anchored"
    protocol: Protocol = "both"
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)

    def __post_init__(self) -> None:
        _check_choice("dataset", self.dataset, get_args(SetName))
        _check_choice("layout", self.layout, get_args(Layout))
        _check_choice("alignment", self.alignment, get_args(Alignment))
        _check_choice("protocol", self.protocol, get_args(Protocol))
        if self.classes not in (3, 5):
            raise OptionError(f"PrepareOptions.classes must be 3 or 5, got {self.classes}.")
        if self.dataset == "smic" and self.classes == 5:
            raise OptionError(
                "SMIC is labelled with 3 classes only, got classes = 5: prepare it with 3."
            )
        if self.jobs < 1:
            raise OptionError(f"PrepareOptions.jobs must be 1 or more, got {self.jobs}.")
        kind, _, file = self.landmarks.partition(":")
        if kind not in ("dlib", "csv") or not file:
            raise OptionError(
                f"PrepareOptions.landmarks must be dlib:FILE or csv:FILE, got {self.landmarks!r}."
            )


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise OptionError(
            f"PrepareOptions.{name} must be one of {', '.join(choices)}, got {value!r}."
        )
