"""Does a stream of weeks stay in its memory? Pushes many frames and watches the process.

    python -m benchmarks.soak [BUNDLE] [--device onnxruntime] [--frames 100000] [--flow always]
    python -m benchmarks.soak --stub --frames 1000000

Two faces come and go, the camera stutters, events are classified, faces are anchored anew. After
the first 1,000 frames resident memory may grow by less than 2 MB, and the threads and open files
not at all: exit code 1 otherwise. `--stub` computes zeros, so that the engine itself is watched.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mol_edge import Bundle
from mol_edge.backends import BackendOptions, open_backend
from mol_edge.backends.base import MOST_THREADS, Backend, Tensors
from mol_edge.cadence import SegmentReason
from mol_edge.commands.values import whole
from mol_edge.engine import Engine, EngineOptions
from mol_edge.graph_info import TensorInfo

PERIOD_NS = 33_333_333
MOST_WARM_UP = 1000
LIMIT_BYTES = 2_000_000
CROPS = 16


class Stub:
    """A backend whose every output is zero."""

    device = "stub"
    reasons: tuple[str, ...] = ()

    def __init__(self, bundle: Bundle) -> None:
        self._graphs = bundle.manifest.graphs["fp32"]["onnx"]

    def run(self, graph: str, inputs: Tensors) -> dict[str, np.ndarray]:
        """Never called by an engine."""
        raise NotImplementedError

    def run_into(self, graph: str, inputs: Tensors, outputs: Tensors) -> None:
        """Fill the outputs with zeros."""
        for array in outputs.values():
            array.fill(0)

    def outputs_of(self, graph: str) -> Mapping[str, TensorInfo]:
        """As the bundle says."""
        return self._graphs[graph].outputs

    def close(self) -> None:
        """Nothing to give back."""


@dataclass(frozen=True)
class Process:
    """What this process holds: resident bytes, threads, open files."""

    resident: int
    threads: int
    files: int

    @classmethod
    def now(cls) -> Process:
        """Read from /proc (Linux)."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        tasks, files = (len(os.listdir(f"/proc/self/{each}")) for each in ("task", "fd"))
        return cls(pages * os.sysconf("SC_PAGE_SIZE"), tasks, files)


def warm_up(frames: int) -> int:
    """After how many of so many frames memory is taken to have settled."""
    return min(MOST_WARM_UP, frames // 2)


def soak(backend: Backend, frames: int, options: EngineOptions) -> tuple[Process, Process, int]:
    """Push frames of two faces; the process after the warm-up and at the end, and state bytes."""
    random = np.random.default_rng(0)
    crops = random.standard_normal((CROPS, 128, 128)).astype(np.float32)
    engine = Engine(backend, options, PERIOD_NS)
    time_ns, before = 0, Process.now()
    for index in range(frames):
        # A frame is dropped now and then, and now and then the camera pauses.
        time_ns += PERIOD_NS * (2 if index % 97 == 0 else 40 if index % 463 == 0 else 1)
        second = 10 + index // 300
        faces = [0, second] if index % 300 > 60 else [0]
        if index % 300 == 0:
            engine.forget(second - 1)
        at = index % (CROPS - 1)
        engine.push(crops[at : at + len(faces)], faces, time_ns, index)
        _use(engine, crops, index, time_ns)
        if index == warm_up(frames):
            before = Process.now()
    return before, Process.now(), engine.state_bytes


def _use(engine: Engine, crops: np.ndarray, index: int, time_ns: int) -> None:
    """What a pipeline asks of an engine from time to time."""
    kept = len(engine.kept(0))
    if index % 50 == 49 and kept > 20:
        engine.classify_event(0, time_ns - 10 * PERIOD_NS, time_ns)
        if engine.options.flow != "never":
            engine.flow(0)
    if index % 400 == 399:
        engine.reanchor(0, crops[: min(kept, CROPS)])
    if index % 900 == 899:
        engine.restart(SegmentReason.SIZE_CHANGED)


def main() -> int:
    """Soak, print, judge."""
    given = _parser().parse_args()
    bundle = Bundle.default() if given.bundle is None else Bundle.open(given.bundle)
    backend: Backend = (
        Stub(bundle)
        if given.stub
        else open_backend(bundle, given.device, BackendOptions(threads=given.threads))
    )
    start = time.perf_counter()
    before, after, state = soak(backend, given.frames, EngineOptions(flow=given.flow))
    seconds = time.perf_counter() - start
    grown = after.resident - before.resident
    print(
        f"{given.frames} frames on {backend.device} in {seconds:.0f} s: resident "
        f"{before.resident / 1e6:.1f} MB after {warm_up(given.frames)} frames, grown by "
        f"{grown / 1e6:.2f} MB; "
        f"threads {before.threads} to {after.threads} ({threading.active_count()} of Python), "
        f"open files {before.files} to {after.files}; state {state / 1e6:.1f} MB"
    )
    steady = (before.threads, before.files) == (after.threads, after.files)
    return 0 if grown < LIMIT_BYTES and steady else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("bundle", type=Path, nargs="?", help="the demo bundle by default")
    parser.add_argument("--device", default="onnxruntime")
    parser.add_argument("--threads", type=whole(0, MOST_THREADS), default=1)
    parser.add_argument("--frames", type=whole(2), default=100_000)
    parser.add_argument("--flow", choices=("always", "on_motion", "never"), default="on_motion")
    parser.add_argument("--stub", action="store_true", help="compute zeros")
    return parser


if __name__ == "__main__":
    sys.exit(main())
