"""A new frame of a stream against its floor, with and without flow, interleaved in one run.

    python -m benchmarks.stream BUNDLE [--threads 2] [--rounds 20] [--graphs] [--half]
        [--precision int8]

The floor is the counted FLOPs of the graphs that one new frame costs, over the best float32 matrix
product (2048 cubed, NumPy or PyTorch) of the same run. Frames are pushed in bursts, as from a file,
and each one is timed: `Engine.push`, so keeping state, choosing samples and copying count.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.floor import PRODUCT_FLOP, best_rate, products
from benchmarks.flops import count_flops
from benchmarks.timing import interleave
from mol_edge import Bundle
from mol_edge.backends import BackendOptions, open_backend
from mol_edge.backends.base import MOST_THREADS
from mol_edge.backends.session import SessionBackend
from mol_edge.backends.targets import computes
from mol_edge.commands.values import whole
from mol_edge.engine import Engine, EngineOptions
from mol_edge.engine_output import FlowMode
from mol_edge.network import Network

SETTLE_S = 0.1
DEVICES = ("onnxruntime:cpu", "openvino:CPU", "native:cpu")
PERIOD_NS = 25_000_000
GRAPHS: dict[FlowMode, tuple[str, ...]] = {
    "never": ("features", "head"),
    "always": ("features", "head", "encoder", "flow"),
}
BURST: dict[FlowMode, int] = {"never": 20, "always": 6}

Task = Callable[[], object]


def main() -> None:
    """Measure and print."""
    given = _parser().parse_args()
    torch.set_num_threads(given.threads)
    bundle = Bundle.open(given.bundle)
    options = BackendOptions(threads=given.threads, precision=given.precision)
    tasks: dict[str, Task] = {}
    burst: dict[str, int] = {}
    graphs: dict[str, tuple[str, ...]] = {}
    for device in DEVICES:
        if not computes(device, given.precision):
            continue
        backend = open_backend(bundle, device, options)
        for flow, parts in GRAPHS.items():
            name = f"{device} {'with' if flow == 'always' else 'without'} flow"
            burst[name], graphs[name] = BURST[flow], parts
            tasks[name] = _stream(backend, flow, given.half)
        for graph in GRAPHS["always"] if given.graphs else ():
            name = f"{device} {graph}"
            burst[name], graphs[name] = BURST["always" if graph == "flow" else "never"], (graph,)
            tasks[name] = _graph(backend, graph)
    times = interleave({**tasks, **products()}, given.rounds, settle_s=SETTLE_S, bursts=burst)
    rate = best_rate(times)
    usual = PRODUCT_FLOP / min(float(np.median(times[name])) for name in products())
    print(
        f"best SGEMM {rate / 1e9:.0f} GFLOP/s on {given.threads} threads (median {usual / 1e9:.0f})"
    )
    print(f"{given.rounds} rounds in turn; ms of one frame, and times the floor")
    for name in tasks:
        flop = sum(count_flops(bundle.folder / bundle.graph_info(g).file) for g in graphs[name])
        floor = flop / rate
        each = np.array(times[name])
        print(
            f"{name:<30} {flop / 1e9:5.2f} GFLOP, floor {floor * 1e3:6.2f}: median "
            f"{np.median(each) * 1e3:6.2f} ({np.median(each) / floor:.2f} x), best "
            f"{each.min() * 1e3:6.2f} ({each.min() / floor:.2f} x)"
        )


def _stream(backend: SessionBackend, flow: FlowMode, half: bool) -> Task:
    """Push one more frame of an endless stream whose windows are full."""
    random = np.random.default_rng(1)
    crops = random.standard_normal((8, 1, 128, 128)).astype(np.float32)
    engine = Engine(backend, EngineOptions(flow=flow, half_state=half), PERIOD_NS)
    index = itertools.count()

    def push() -> None:
        at = next(index)
        engine.push(crops[at % len(crops)], [0], at * PERIOD_NS, at)

    for _ in range(30):
        push()
    return push


def _graph(backend: SessionBackend, graph: str) -> Task:
    random = np.random.default_rng(1)
    network = Network(backend)
    inputs = {
        name: network.empty((1, *map(int, tensor.shape[1:])), tensor.type)
        for name, tensor in backend.inputs_of(graph).items()
    }
    for array in inputs.values():
        array[:] = random.standard_normal(array.shape)
    outputs = {
        name: network.new_output(graph, name, 1)
        if name == "flow"
        else network.scratch_output(graph, name, 1)
        for name in backend.outputs_of(graph)
    }
    return lambda: backend.run_into(graph, inputs, outputs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stream", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--threads", type=whole(1, MOST_THREADS), default=2)
    parser.add_argument("--rounds", type=whole(1), default=20)
    parser.add_argument("--precision", default="fp32", help="of the bundle; the floor is float32's")
    parser.add_argument("--graphs", action="store_true", help="time each graph by itself too")
    parser.add_argument("--half", action="store_true", help="keep the state in 16 bits")
    return parser


if __name__ == "__main__":
    main()
