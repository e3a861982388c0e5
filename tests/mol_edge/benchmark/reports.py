"""Reports with made-up figures, by way of the real collector and the real schema."""

from __future__ import annotations

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


def told(job: Job, latencies: Latencies, others: float = 0.0) -> Iterator[Event]:
    """What a process would tell, with latencies by mode and pace."""
    yield {
        "event": "loaded", "device": job.device, "threads": 2, "bundle_ms": 20.0, "load_ms": 80.0,
        "first_inference_ms": 150.0, "second_inference_ms": 9.0, "rss_before_mb": 40.0,
        "rss_mb": 110.0,
    }  # fmt: skip
    if job.accuracy:
        yield {"event": "accuracy", "figures": FIGURES}
    yield {"event": "sgemm", "gflops": {"numpy": 180.0}}
    for mode, pace in job.cells:
        yield {"event": "begins", "mode": mode, "pace": pace}
        if mode == "clip_fused":
            yield {"event": "unavailable", "mode": mode, "pace": pace, "reason": "no such graph"}
            continue
        values = latencies(mode, pace)
        wall_ns = round(1e6 * sum(values))
        yield {
            "event": "cell", "mode": mode, "pace": pace, "latencies_ms": values, "started_ns": 0,
            "ended_ns": wall_ns, "cpu_ms": 1.5 * sum(values), "missed": 0, "cut": False,
            "others": others, "rss_mb": 115.0, "reference_ms": 1.5,
        }  # fmt: skip
    yield {"event": "done", "peak_rss_mb": 130.0}


def made_report(
    bundle,
    seed: int = 0,
    slower: float = 1.0,
    spread: float = 0.02,
    others: float = 0.0,
    **options,
) -> Report:
    """A report whose processes have medians spread so much around those of `MEDIANS`."""
    random = np.random.default_rng(seed)

    def latencies(mode: str, pace: str) -> list[float]:
        middle = MEDIANS.get(mode, 0.5) * slower * np.exp(spread * random.standard_normal())
        return list(middle * np.exp(0.03 * np.abs(random.standard_normal(30))))

    chosen = BenchmarkOptions(**{"devices": ("onnxruntime",), **options})
    with patch.multiple(runner, describe_machine=lambda: _MACHINE, read_sensors=lambda: _SENSORS):
        return runner.run_benchmark(bundle, chosen, run=lambda job: told(job, latencies, others))


def changed(report: Report, *path, value) -> dict:
    """The report's content with one value replaced."""
    content = json.loads(json.dumps(report.content))
    at = content
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return content
