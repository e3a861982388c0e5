"""A face that does nothing, before a noisy camera."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.spotting_runs import MEAN, SCALE
from mol_edge.motion_stream import MotionStream
from mol_edge.spot import Spot
from mol_edge.spotting import Spotter
from training.synthetic import SyntheticOptions, make_clip


def still_crops(
    seed: int, fps: float, seconds: float, grain: float, flicker: float = 0.01
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Timestamps and crops of one face under grain, gray levels, and flicker of the light."""
    rng = np.random.default_rng(seed)
    face = make_clip(seed, SyntheticOptions(noise=False, p_blink=0.0)).frames[0]
    level = face.astype(np.float32)
    for k in range(int(seconds * fps)):
        gain = np.float32(1 + flicker * rng.standard_normal())
        noise = rng.standard_normal(level.shape, np.float32) * np.float32(grain)
        noisy = np.clip(np.round(level * gain + noise), 0, 255)
        yield round(k * 1e9 / fps), ((noisy - MEAN) / SCALE).astype(np.float32)


def spots_of_still_face(seed: int, fps: float, seconds: float, grain: float = 4.0) -> list[Spot]:
    """What is spotted in it; nothing should be."""
    landmarks = make_clip(seed, SyntheticOptions(noise=False, p_blink=0.0)).landmarks[0]
    stream, spotter, spots = MotionStream(), Spotter(), []
    rng = np.random.default_rng(seed)
    for k, (stamp, crop) in enumerate(still_crops(seed, fps, seconds, grain)):
        jitter = rng.normal(0, 1.0, landmarks.shape)
        motion = stream.push(stamp, crop, (landmarks + jitter).astype(np.float32))
        spots += spotter.push(stamp, k, motion)
    return spots
