"""Clips on which runtimes are compared with PyTorch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from training.model import Mol
from training.model.config import CROP, FRAMES
from training.model.f5c import Ccc

LEAST_GAP = 2e-6
TRIES = 24


def probe_clips(model: Mol, count: int = 2, seed: int = 0) -> tuple[NDArray[np.float32], float]:
    """Clips [count, 1, 8, 128, 128] of drifting texture, none of them near a tie.

    Where the k-th and the next neighbour are equally similar, float32 rounding decides between
    them and a flip moves logits by up to 1e-2: a comparison there would judge chance. So clips
    are drawn until none has a tie closer than 2e-6, or the best of 24 are taken.

    Returns:
        The clips and the smallest gap between ranks k and k + 1 on them.
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(TRIES):
        clip = _texture(rng)
        drawn.append((smallest_gap(model, torch.from_numpy(clip)), clip))
        drawn.sort(key=lambda pair: -pair[0])
        if len(drawn) >= count and drawn[count - 1][0] >= LEAST_GAP:
            break
    chosen = drawn[:count]
    return np.concatenate([clip for _, clip in chosen]), min(gap for gap, _ in chosen)


def frames_apart(model: Mol, count: int, seed: int = 0) -> NDArray[np.float32]:
    """Frames [count, 128, 128] of drifting texture, none near a tie, for streams of any order.

    Raises:
        RuntimeError: the network ties on nearly every frame.
    """
    rng = np.random.default_rng(seed)
    frames: list[NDArray[np.float32]] = []
    for _ in range(TRIES):
        for frame in _texture(rng)[0, 0]:
            if smallest_gap(model, torch.from_numpy(frame[None, None, None])) >= LEAST_GAP:
                frames.append(frame)
        if len(frames) >= count:
            return np.stack(frames[:count])
    raise RuntimeError(f"{count} frames without a tie were wanted, and {len(frames)} were found.")


def _texture(rng: np.random.Generator) -> NDArray[np.float32]:
    """One clip of smooth waves that drift by less than a pixel per frame, with light grain."""
    y, x = np.mgrid[0:CROP, 0:CROP].astype(np.float32)
    clip = 0.02 * rng.standard_normal((1, 1, FRAMES, CROP, CROP)).astype(np.float32)
    for _ in range(24):
        fx, fy = rng.uniform(0.02, 0.4, 2)
        dx, dy = rng.uniform(-0.5, 0.5, 2)
        phase, gain = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.25)
        for t in range(FRAMES):
            clip[0, 0, t] += gain * np.cos(fx * (x + dx * t) + fy * (y + dy * t) + phase)
    return clip


@torch.no_grad()
def smallest_gap(model: Mol, clip: torch.Tensor) -> float:
    """Smallest difference of similarity between the ranks k and k + 1 of both blocks."""
    maps = model.conv_stack(clip.transpose(1, 2).flatten(0, 1))
    blocks = ((model.FCC_1, model.CCC_1), (model.FCC_2, model.CCC_2))
    return min(_gap(ccc, fcc(maps)) for fcc, ccc in blocks)


def _gap(ccc: Ccc, y: torch.Tensor) -> float:
    flat = y.flatten(2)
    nodes = flat.mT if ccc.graph == "positions" else flat
    unit = torch.nn.functional.normalize(nodes.double(), dim=2)
    if ccc.neighbours >= nodes.shape[1]:
        return float("inf")
    top = (unit @ unit.mT).topk(ccc.neighbours + 1, dim=2).values
    return float((top[..., -2] - top[..., -1]).min())
