"""Trying a device: real inferences of a bundle's graphs, checked and timed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.backends.session import SessionBackend
from mol_edge.errors import DeviceError

# Timed runs, and for how long there are more than the fewest.
_FEWEST_RUNS, _MOST_RUNS, _TIMED_S = 5, 40, 0.5

FRAME_GRAPHS = ("features", "encoder", "flow")
"""Graphs that a new frame with flow costs."""

SMALL_GRAPHS = (*FRAME_GRAPHS, "head")
"""Every graph but the fused `clip`."""


def try_graphs(backend: SessionBackend, graphs: Iterable[str]) -> None:
    """Run each graph once; raises DeviceError where one fails or gives no finite numbers."""
    for graph in graphs:
        for name, output in backend.run(graph, _inputs(backend, graph)).items():
            if not np.isfinite(output).all():
                raise DeviceError(
                    f"{backend.device} must give finite numbers, and some of {name} of {graph} are "
                    "not finite: use another device."
                )


def trial_graphs(backend: SessionBackend, every: bool = False) -> tuple[str, ...]:
    """The graphs to try, of a new frame or every small one, without those yet to be built."""
    wanted = SMALL_GRAPHS if every else FRAME_GRAPHS
    ready = [graph for graph in wanted if backend.is_ready(graph)]
    return tuple(ready) or ("head",)


def time_frame(backend: SessionBackend) -> float:
    """Seconds of the graphs of one new frame with flow, after a first.

    The lower quartile of some runs: devices are tried one after another, and what else the machine
    does meanwhile must not decide between them.
    """
    inputs = {graph: _inputs(backend, graph) for graph in FRAME_GRAPHS}
    try_graphs(backend, FRAME_GRAPHS)
    seconds: list[float] = []
    while len(seconds) < _FEWEST_RUNS or (sum(seconds) < _TIMED_S and len(seconds) < _MOST_RUNS):
        start = time.perf_counter()
        for graph in FRAME_GRAPHS:
            backend.run(graph, inputs[graph])
        seconds.append(time.perf_counter() - start)
    return float(np.quantile(seconds, 0.25))


def _inputs(backend: SessionBackend, graph: str) -> dict[str, NDArray[Any]]:
    random = np.random.default_rng(0)
    return {
        name: random.standard_normal([1 if n == "N" else n for n in tensor.shape]).astype(
            tensor.type
        )
        for name, tensor in backend.inputs_of(graph).items()
    }
