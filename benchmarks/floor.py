"""How fast this machine multiplies matrices: the floor that a network's time is held against."""

from __future__ import annotations

import time
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


def interleave(
    tasks: Mapping[str, Callable[[], object]], rounds: int, warm_up: int = 3
) -> dict[str, list[float]]:
    """Seconds of each task, all tasks in turn in every round, so that drift meets them alike."""
    for task in tasks.values():
        for _ in range(warm_up):
            task()
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            times[name].append(time.perf_counter() - start)
    return times


def best_rate(times: Mapping[str, list[float]]) -> float:
    """FLOP per second of the best matrix product in `times`."""
    return PRODUCT_FLOP / min(min(t) for name, t in times.items() if name.startswith("sgemm"))
