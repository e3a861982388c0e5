"""Reports with made-up figures, by way of the real collector and the real schema."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from unittest.mock import patch

import numpy as np

from mol_edge.benchmark import runner
from mol_edge.benchmark.job import Job
from mol_edge.benchmark.machine import describe_machine
from mol_edge.benchmark.options import BenchmarkOptions
from mol_edge.benchmark.process import Event
from mol_edge.benchmark.report import Report
from mol_edge.benchmark.sensors import read_sensors

MEDIANS = {"clip": 40.0, "stream_flow": 8.0, "stream": 3.0, "pipeline": 12.0}
FIGURES = {
    "clips": 8, "agreement": 1.0, "accuracy": 0.5, "nme": 0.03, "epe": 0.14, "zero_epe": 0.25,
    "logit_error": 1e-3, "landmark_error_px": 5e-3, "flow_error_px": 3e-4, "given_nme": 0.03,
}  # fmt: skip

# Asked once, since a hundred reports are made.
_MACHINE, _SENSORS = describe_machine(), read_sensors()

Latencies = Callable[[str, str], "list[float]"]


def told(
    job: Job, latencies: Latencies, others: float = 0.0, reference_ms: float = 1.5
) -> Iterator[Event]:
    """What a process would tell, with latencies by mode and pace, cut into its slices."""
    yield {
        "event": "loaded", "device": job.device, "threads": 2, "bundle_ms": 20.0, "load_ms": 80.0,
        "first_inference_ms": 150.0, "second_inference_ms": 9.0, "rss_before_mb": 40.0,
        "rss_mb": 110.0,
    }  # fmt: skip
    if job.accuracy:
        yield {"event": "accuracy", "figures": FIGURES}
    if job.sgemm:
        yield {"event": "sgemm", "gflops": {"numpy": 180.0}}
    parts = {cell: np.array_split(latencies(*cell), job.slices) for cell in job.cells}
    for number, (mode, pace) in itertools.product(range(job.slices), job.cells):
        what = {"mode": mode, "pace": pace}
        if mode == "clip_fused" and number == 0:
            yield {"event": "begins", **what}
            yield {"event": "unavailable", **what, "reason": "no such graph"}
        if mode == "clip_fused":
            continue
        yield {"event": "begins", **what}
        values = [float(value) for value in parts[mode, pace][number]]
        yield {
            "event": "slice", **what, "latencies_ms": values, "started_ns": 0,
            "ended_ns": round(1e6 * sum(values)), "cpu_ms": 1.5 * sum(values), "missed": 0,
            "cut": False, "others": others, "rss_mb": 115.0 + number, "reference_ms": reference_ms,
        }  # fmt: skip
    yield {"event": "done", "peak_rss_mb": 130.0}


def made_report(
    bundle,
    seed: int = 0,
    slower: float = 1.0,
    spread: float = 0.02,
    others: float = 0.0,
    mood: float = 0.0,
    **options,
) -> Report:
    """A report whose processes have medians spread so much around those of `MEDIANS`.

    Args:
        bundle: what it is of.
        seed: of the figures.
        slower: factor of all latencies.
        spread: deviation of a process's median, as a logarithm, for each mode by itself.
        others: cores that others keep busy.
        mood: deviation of a process that all modes and the matrix products share.
        options: of the benchmark.
    """
    random = np.random.default_rng(seed)
    chosen = BenchmarkOptions(**{"devices": ("onnxruntime",), **options})

    def run(job: Job) -> Iterator[Event]:
        mooded = np.exp(mood * random.standard_normal())

        def latencies(mode: str, pace: str) -> list[float]:
            middle = MEDIANS.get(mode, 0.5) * slower * np.exp(spread * random.standard_normal())
            return list(mooded * middle * np.exp(0.03 * np.abs(random.standard_normal(30))))

        return told(job, latencies, others, float(1.5 * mooded))

    with patch.multiple(runner, describe_machine=lambda: _MACHINE, read_sensors=lambda: _SENSORS):
        return runner.run_benchmark(bundle, chosen, run=run)


def changed(report: Report, *path, value) -> dict:
    """The report's content with one value replaced."""
    content = json.loads(json.dumps(report.content))
    at = content
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return content
