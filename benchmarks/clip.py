"""The fused clip of a bundle against its floor and against PyTorch, interleaved in one run.

    python -m benchmarks.clip BUNDLE [--checkpoint FILE] [--threads 2] [--rounds 20]

The floor is the graph's counted FLOPs over the best float32 matrix product (2048 cubed, NumPy or
PyTorch) of the same run. Beside each time stands the largest difference from the first runtime.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.floor import best_rate, products
from benchmarks.flops import count_flops
from benchmarks.timing import interleave
from export.checkpoint import load_checkpoint
from mol_edge import Bundle
from mol_edge.backends import BackendOptions, open_backend
from mol_edge.backends.base import MOST_THREADS
from mol_edge.commands.values import whole

SETTLE_S = 0.1
DEVICES = ("onnxruntime:cpu", "openvino:CPU", "native:cpu")


def main() -> None:
    """Measure and print."""
    given = _parser().parse_args()
    torch.set_num_threads(given.threads)
    bundle = Bundle.open(given.bundle)
    flop = count_flops(bundle.folder / bundle.graph_info("clip").file)
    clip = np.random.default_rng(1).standard_normal((1, 1, 8, 128, 128)).astype(np.float32)
    options = BackendOptions(threads=given.threads)
    backends = {device: open_backend(bundle, device, options) for device in DEVICES}
    tasks: dict[str, Callable[[], object]] = {
        device: lambda backend=backend: backend.run("clip", {"clip": clip})  # type: ignore[misc]
        for device, backend in backends.items()
    }
    if given.checkpoint:
        tasks["pytorch eager"] = _eager(given.checkpoint, clip)
    times = interleave({**tasks, **products()}, given.rounds, settle_s=SETTLE_S)
    rate = best_rate(times)
    floor = flop / rate
    print(f"{flop / 1e9:.1f} GFLOP per clip, best SGEMM {rate / 1e9:.0f} GFLOP/s on ", end="")
    print(f"{given.threads} threads: floor {floor * 1e3:.0f} ms; {given.rounds} rounds in turn")
    reference = backends[DEVICES[0]].run("clip", {"clip": clip})
    for name in tasks:
        median, fastest = float(np.median(times[name])), min(times[name])
        line = f"{name:<16} median {median / floor:5.2f} x floor, best {fastest / floor:5.2f} x"
        if name in backends:
            came = backends[name].run("clip", {"clip": clip})
            apart = max(float(np.abs(came[key] - reference[key]).max()) for key in reference)
            line += f", differs from {DEVICES[0]} by {apart:.1e}"
        print(line)


def _eager(checkpoint: Path, clip: np.ndarray) -> Callable[[], object]:
    model = load_checkpoint(checkpoint).model
    tensor = torch.from_numpy(clip)

    def run() -> object:
        with torch.inference_mode():
            return model(tensor)

    return run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clip", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--checkpoint", type=Path, help="compare with PyTorch eager too")
    parser.add_argument("--threads", type=whole(1, MOST_THREADS), default=2)
    parser.add_argument("--rounds", type=whole(1), default=20)
    return parser


if __name__ == "__main__":
    main()
