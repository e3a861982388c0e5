"""Clips on which runtimes are compared with PyTorch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from training.model import Mol
from training.model.config import CROP, FRAMES
from training.model.f5c import Ccc

LEAST_GAP = 2e-6
AMPLE_GAP = 1e-5
TRIES = 24


def probe_clips(model: Mol, count: int = 2, seed: int = 0) -> tuple[NDArray[np.float32], float]:
    """Clips [count, 1, 8, 128, 128] of texture, each frame as far from a tie as can be found.

    Where two neighbours are equally similar, float32 rounding decides which of them comes first,
    and of the k-th and the next one which of them counts. Both move logits by up to 1e-2, since
    each rank is mixed over all nodes by itself: a comparison there would judge chance. How far
    rounding reaches depends on the weights, so frames are drawn until enough of them have no tie
    closer than 1e-5, or the best of 192 are taken.

    Returns:
        The clips and the smallest gap between one of the ranks 1 to k and the next on them.
    """
    frames, gap = _farthest_from_ties(model, count * FRAMES, seed)
    return frames.reshape(count, 1, FRAMES, CROP, CROP), gap


def frames_apart(model: Mol, count: int, seed: int = 0) -> NDArray[np.float32]:
    """Frames [count, 128, 128] of texture, none near a tie, for streams of any order.

    Raises:
        RuntimeError: the network ties on nearly every frame.
    """
    frames, gap = _farthest_from_ties(model, count, seed)
    if gap < LEAST_GAP:
        raise RuntimeError(
            f"{count} frames without a tie within {LEAST_GAP:g} were wanted, and of the best that "
            f"were found one has a tie within {gap:.1e}."
        )
    return frames


def _farthest_from_ties(model: Mol, count: int, seed: int) -> tuple[NDArray[np.float32], float]:
    rng = np.random.default_rng(seed)
    drawn: list[tuple[float, NDArray[np.float32]]] = []
    for _ in range(TRIES):
        for frame in _texture(rng)[0, 0]:
            drawn.append((smallest_gap(model, torch.from_numpy(frame[None, None, None])), frame))
        drawn.sort(key=lambda pair: -pair[0])
        if len(drawn) >= count and drawn[count - 1][0] >= AMPLE_GAP:
            break
    chosen = drawn[:count]
    return np.stack([frame for _, frame in chosen]), min(gap for gap, _ in chosen)


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
    """Smallest difference of similarity between ranks in turn, 1 to k + 1, of both blocks."""
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
    return float((top[..., :-1] - top[..., 1:]).min())
