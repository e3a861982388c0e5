"""One process of a benchmark: one device, one precision, every mode, in slices that take turns.

    python -m mol_edge.benchmark.child   < job.json   > one JSON object a line

A process of its own for each gives load times and memory that are nobody else's, and shows how
much processes differ. What a runtime writes to standard output goes to standard error instead.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from mol_edge.backends import BackendOptions
from mol_edge.backends.device import NATIVE
from mol_edge.backends.session import SessionBackend
from mol_edge.backends.trial import trial_graphs, try_graphs
from mol_edge.benchmark.job import Job
from mol_edge.benchmark.load import peak_rss_mb, rss_mb
from mol_edge.benchmark.measure import Task
from mol_edge.benchmark.modes import Mode
from mol_edge.benchmark.sgemm import SIDE, fastest, numpy_product, runtime_product
from mol_edge.benchmark.slices import REFERENCE_SIDE, Slice, measure_slice, slice_rule
from mol_edge.benchmark.tasks import Tasks
from mol_edge.bundle import Bundle
from mol_edge.check_set import measure_accuracy
from mol_edge.errors import MolEdgeError
from mol_edge.faces import open_detector
from mol_edge.options import PipelineOptions
from mol_edge.pipeline import Pipeline

Tell = Callable[[dict[str, Any]], None]


def main() -> int:
    """Read a job, do it, tell each result as a line."""
    tell = _own_output()
    job = Job.from_json(json.loads(sys.stdin.read()))
    try:
        _work(job, tell)
    except MolEdgeError as error:
        tell({"event": "failed", "kind": type(error).__name__, "reason": str(error)})
    return 0


def _work(job: Job, tell: Tell) -> None:
    pipe, backend = _loaded(job, tell)
    if job.accuracy:
        figures = measure_accuracy(pipe.bundle, backend)
        tell({"event": "accuracy", "figures": None if figures is None else asdict(figures)})
    if job.sgemm:
        tell({"event": "sgemm", "gflops": _rates(backend.device, backend.threads)})
    tasks = Tasks(pipe, job.fps, job.video)
    _measure(job, tasks, tell)
    tasks.close()
    pipe.close()
    tell({"event": "done", "peak_rss_mb": peak_rss_mb()})


def _loaded(job: Job, tell: Tell) -> tuple[Pipeline, SessionBackend]:
    """Open the bundle on the device and run every small graph, each step timed."""
    options = BackendOptions(threads=job.threads, precision=job.precision, profile=job.profile)
    before = rss_mb()
    moments = [time.perf_counter()]
    bundle = Bundle.open(job.bundle)
    moments.append(time.perf_counter())
    detector = open_detector(job.detector) if job.detector else None
    pipe = Pipeline(bundle, job.device, detector, PipelineOptions(backend=options))
    moments.append(time.perf_counter())
    backend = pipe.backend
    assert isinstance(backend, SessionBackend)
    for _ in range(2):
        try_graphs(backend, trial_graphs(backend, every=True))
        moments.append(time.perf_counter())
    names = ("bundle_ms", "load_ms", "first_inference_ms", "second_inference_ms")
    steps = [1e3 * (end - begin) for begin, end in zip(moments, moments[1:])]
    memory = {"rss_before_mb": before, "rss_mb": rss_mb()}
    how = {"device": backend.device, "threads": backend.threads}
    tell({"event": "loaded", **how, **dict(zip(names, steps)), **memory})
    return pipe, backend


def _measure(job: Job, tasks: Tasks, tell: Tell) -> None:
    """Take a slice of every cell, and again; the first opens its task and warms it fully."""
    product = numpy_product(REFERENCE_SIDE)
    opened: dict[Mode, Task] = {}
    cells = list(job.cells)
    for number in range(job.slices):
        rule = slice_rule(job.rule, job.slices, first=number == 0)
        for mode, pace in tuple(cells):
            cell = {"mode": mode, "pace": pace}
            tell({"event": "begins", **cell})
            try:
                if mode not in opened:
                    opened[mode] = _slowed(tasks.open(mode), job.slow_down)
                period_ms = 1e3 / job.fps if pace == "camera" else None
                found = measure_slice(opened[mode], rule, product, period_ms)
            except MolEdgeError as error:
                cells.remove((mode, pace))
                tell({"event": "unavailable", **cell, "reason": str(error)})
            else:
                tell({"event": "slice", **cell, **_told(found)})


def _told(found: Slice) -> dict[str, Any]:
    told = asdict(found.timing)
    told["latencies_ms"] = [round(value, 6) for value in found.timing.latencies_ms]
    told |= {"reference_ms": found.reference_ms, "others": found.others}
    return {**told, "rss_mb": rss_mb()}


def _slowed(task: Task, factor: float) -> Task:
    """The task made slower by a factor, busily, which shows whether `compare` finds it."""
    if factor == 1.0:
        return task

    def run() -> object:
        begin = time.perf_counter()
        result = task()
        end = begin + factor * (time.perf_counter() - begin)
        while time.perf_counter() < end:
            pass
        return result

    return run


def _rates(device: str, threads: int) -> dict[str, float]:
    """GFLOP/s of large matrix products by NumPy and, on a CPU, by the runtime, where it has any."""
    rates = {"numpy": fastest(numpy_product(SIDE), SIDE)}
    runtime, _, target = device.partition(":")
    if target.lower() == "cpu" and runtime != NATIVE:
        rates[runtime] = fastest(runtime_product(device, threads, SIDE), SIDE)
    return rates


def _own_output() -> Tell:
    """A writer of lines to what is standard output now; prints go to standard error from here."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(event: dict[str, Any]) -> None:
        channel.write(json.dumps(event) + "\n")
        channel.flush()

    return tell


if __name__ == "__main__":
    sys.exit(main())
