"""Jitter: how much the landmarks move on a face that does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from training.evaluation.predictor import Predictor
from training.metrics import landmark_jitter, pupil_distance
from training.synthetic import SyntheticOptions, make_clip


def still_options(options: SyntheticOptions | None = None) -> SyntheticOptions:
    """Clips of a face that holds still before a camera with its usual noise."""
    base = options or SyntheticOptions()
    return replace(
        base, split="eval", alignment="anchored", p_none=1.0, p_macro=0.0, p_blink=0.0, drift=0.0
    )


def still_jitter(model: Predictor, clips: int = 20, seed: int = 10_000) -> dict[str, Any]:
    """Jitter of the 68 points over 7 frames, mean of some still faces.

    Returns:
        ``jitter`` by pupil distance and ``jitter_px`` in crop pixels.
    """
    options = still_options()
    relative, pixels = [], []
    for index in range(clips):
        clip = make_clip(seed + index, options)
        points = model.clip(clip.frames).landmarks
        distance = float(pupil_distance(clip.landmarks[0]))
        relative.append(landmark_jitter(points, distance))
        pixels.append(landmark_jitter(points, 1.0))
    return {
        "clips": clips,
        "jitter": float(np.mean(relative)),
        "jitter_px": float(np.mean(pixels)),
    }
