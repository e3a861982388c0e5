"""What one process of a benchmark is asked to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mol_edge.backends.base import Profile
from mol_edge.benchmark.measure import StopRule
from mol_edge.benchmark.modes import Mode, Pace


@dataclass(frozen=True)
class Job:
    """One device and precision, once, in a process of its own.

    Attributes:
        bundle: folder of the model.
        device: ``runtime:device``, in full.
        precision: of the bundle.
        cells: mode and pace of each measurement, in this order.
        rule: when a task is warm and when it was measured for long enough.
        slices: parts that each measurement is cut into.
        accuracy: whether the check set is run too.
        sgemm: whether large matrix products are timed too.
        threads, profile: as in `mol_edge.backends.BackendOptions`.
        fps: rate of the camera.
        video: what the pipeline is given, or None.
        detector: name of the face detector, or None.
        slow_down: factor by which every task is made slower, to try `compare`.
    """

    bundle: Path
    device: str
    precision: str
    cells: tuple[tuple[Mode, Pace], ...]
    rule: StopRule
    slices: int
    accuracy: bool
    sgemm: bool
    threads: int
    profile: Profile
    fps: float
    video: Path | None
    detector: str | None
    slow_down: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """The object that `from_json` reads back."""
        video = None if self.video is None else str(self.video)
        return {**asdict(self), "bundle": str(self.bundle), "video": video}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Job:
        """Read what `to_json` gave."""
        return cls(
            **{
                **value,
                "bundle": Path(value["bundle"]),
                "cells": tuple((mode, pace) for mode, pace in value["cells"]),
                "rule": StopRule(**value["rule"]),
                "video": None if value["video"] is None else Path(value["video"]),
            }
        )
