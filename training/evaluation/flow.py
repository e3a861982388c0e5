"""Endpoint errors of the model's flow and of the baselines, pooled over pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evaluation.baselines import METHODS
from training.metrics import endpoint_error, moving_pixels

AREAS = ("face", "moving")


@dataclass
class FlowScores:
    """Sums up errors pair by pair.

    Attributes:
        methods: names of the methods, the model's being ``model``.
    """

    methods: tuple[str, ...]
    _sums: dict[tuple[str, str], float] = field(default_factory=dict)
    _pixels: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(
        self, method: str, error: NDArray[np.floating], areas: dict[str, NDArray[np.bool_]]
    ) -> None:
        """Count one pair's errors [S, S] in each area."""
        for name, mask in areas.items():
            key = (method, name)
            self._sums[key] = self._sums.get(key, 0.0) + float(error[mask].sum())
            self._pixels[key] = self._pixels.get(key, 0) + int(mask.sum())

    def summary(self) -> dict[str, Any]:
        """Mean error in pixels by method and area (None without pixels), and their number."""
        found = {}
        for method in self.methods:
            row: dict[str, float | None] = {}
            for area in AREAS:
                pixels = self._pixels.get((method, area), 0)
                row[area] = self._sums[method, area] / pixels if pixels else None
                row[f"{area}_pixels"] = pixels
            found[method] = row
        return found


def judge_pair(
    scores: FlowScores,
    predicted: NDArray[np.floating],
    truth: NDArray[np.floating],
    face: NDArray[np.bool_],
    frames: Sequence[NDArray[np.uint8]],
    with_baselines: bool,
) -> None:
    """Add one pair: the model, and where wanted each baseline on the same pixels.

    The errors over the pairs that baselines saw are also kept for the model, as ``model on the
    baselines' pairs``, so that all are compared on the same ones.
    """
    areas = {"face": face, "moving": moving_pixels(truth, face)}
    error = endpoint_error(predicted, truth)
    scores.add("model", error, areas)
    scores.add("zero", np.linalg.norm(truth, axis=0), areas)
    if not with_baselines:
        return
    scores.add(SAME_PAIRS, error, areas)
    for name, method in METHODS.items():
        label = "zero (same pairs)" if name == "zero" else name
        scores.add(label, endpoint_error(method(frames[0], frames[1]), truth), areas)


SAME_PAIRS = "model (same pairs)"
ALL_METHODS = ("model", "zero", SAME_PAIRS, "zero (same pairs)", "farneback", "dis", "tvl1")
