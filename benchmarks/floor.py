"""How fast this machine multiplies matrices: the floor that a network's time is held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch

SIDE = 2048
PRODUCT_FLOP = 2 * SIDE**3


def products() -> dict[str, Callable[[], object]]:
    """One float32 matrix product of 2048 cubed in NumPy and in PyTorch."""
    a = np.random.default_rng(0).standard_normal((SIDE, SIDE)).astype(np.float32)
    tensor = torch.from_numpy(a)
    out = np.empty_like(a)
    return {
        "sgemm numpy": lambda: np.matmul(a, a, out=out),
        "sgemm torch": lambda: torch.mm(tensor, tensor),
    }


def best_rate(times: Mapping[str, list[float]]) -> float:
    """FLOP per second of the best matrix product in `times`."""
    return PRODUCT_FLOP / min(min(t) for name, t in times.items() if name.startswith("sgemm"))
