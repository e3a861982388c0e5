"""`run_benchmark`: every device and precision in processes of their own, put into one report."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

from mol_edge.benchmark.collect import Collector
from mol_edge.benchmark.failures import Key, check_devices, check_measured
from mol_edge.benchmark.flops import graph_flops
from mol_edge.benchmark.job import Job
from mol_edge.benchmark.machine import describe_machine
from mol_edge.benchmark.options import BenchmarkOptions
from mol_edge.benchmark.plan import expected_s, plan
from mol_edge.benchmark.power import PowerMeter, open_meter
from mol_edge.benchmark.probe import known
from mol_edge.benchmark.process import Event, RunJob, run_job
from mol_edge.benchmark.report import FORMAT, VERSION, Report
from mol_edge.benchmark.sensors import read_sensors
from mol_edge.bundle import MANIFEST, Bundle


@dataclass(frozen=True)
class Step:
    """How far a benchmark is.

    Attributes:
        part: of the whole, 0 to 1.
        left_s: seconds that are left, by what it took so far.
        what: what is measured now.
    """

    part: float
    left_s: float
    what: str


OnStep = Callable[[Step], object]


def run_benchmark(
    bundle: Bundle,
    options: BenchmarkOptions | None = None,
    on_step: OnStep | None = None,
    run: RunJob = run_job,
) -> Report:
    """Measure a bundle on this machine.

    Args:
        bundle: the model.
        options: what is measured.
        on_step: told of each step.
        run: runs one job and gives what it tells.

    Raises:
        BundleError: the bundle has no such precision.
        DeviceError: a device that was named does not work, or none works.
        InputError: nothing that was asked for could be measured.

    Example:
        >>> options = BenchmarkOptions(("onnxruntime",), modes=("stream",), rounds=1).quick()
        >>> report = run_benchmark(Bundle.default(), options)  # doctest: +SKIP
        >>> report.configurations[0]["results"][0]["latency_ms"]["median"]  # doctest: +SKIP
        2.9
    """
    options = options or BenchmarkOptions()
    jobs = plan(bundle, options)
    created, begin = datetime.now(timezone.utc), time.monotonic()
    start = read_sensors()
    with open_meter() as meter:
        collectors = _collect(jobs, bundle, options, _Progress(jobs, on_step), run, meter)
    rates = [each.best_gflops for each in collectors.values()]
    best = max((rate for rate in rates if rate is not None), default=None)
    report = Report.from_json(
        {
            "format": FORMAT,
            "version": VERSION,
            "created": created.isoformat(timespec="seconds"),
            "duration_s": round(time.monotonic() - begin, 1),
            "settings": _settings(options),
            "bundle": describe_bundle(bundle),
            "machine": describe_machine(),
            "sensors": {"start": start, "end": read_sensors(), "power_source": known(meter.name)},
            "sgemm_gflops": known(None if best is None else round(best, 1)),
            "configurations": [each.record(best) for each in collectors.values()],
        }
    )
    check_measured(report)
    return report


def _collect(
    jobs: Sequence[Job],
    bundle: Bundle,
    options: BenchmarkOptions,
    progress: _Progress,
    run: RunJob,
    meter: PowerMeter,
) -> dict[Key, Collector]:
    """Do every job, but none again of what has failed."""
    found: dict[Key, Collector] = {}
    for job in jobs:
        key = job.device, job.precision
        collector = found.setdefault(key, Collector(job, bundle.manifest.model, meter))
        if collector.failure is None:
            for event in run(job):
                progress.take(job, event)
                collector.take(event)
        progress.end(job)
        failures = {at: each.failure for at, each in found.items() if each.failure is not None}
        check_devices(
            bool(options.devices), [(job.device, job.precision) for job in jobs], failures
        )
    return found


def _settings(options: BenchmarkOptions) -> dict[str, Any]:
    return {
        "rounds": options.rounds,
        "slices": options.slices,
        "stop_rule": asdict(options.rule),
        "threads": options.threads,
        "profile": options.profile,
        "camera_fps": options.fps,
        "video": None if options.video is None else options.video.name,
        "detector": options.detector,
        "slow_down": options.slow_down,
    }


def describe_bundle(bundle: Bundle) -> dict[str, Any]:
    """What a report says of its bundle; the hash is that of the manifest, which has all others."""
    manifest = bundle.manifest
    return {
        "name": manifest.name,
        "sha256": hashlib.sha256((bundle.folder / MANIFEST).read_bytes()).hexdigest(),
        "trained": manifest.trained,
        "knows_classes": manifest.knows_classes,
        "precisions": list(manifest.graphs),
        "check_set": manifest.check_set is not None,
        "model": asdict(manifest.model),
        "flop": graph_flops(manifest.model),
    }


class _Progress:
    """How far all jobs are, weighed by what each was expected to take."""

    def __init__(self, jobs: Sequence[Job], on_step: OnStep | None) -> None:
        self._total_s = sum(map(expected_s, jobs))
        self._done_s = 0.0
        self._begin = time.monotonic()
        self._begun = 0
        self._on_step = on_step

    def take(self, job: Job, event: Event) -> None:
        if self._on_step is None or event["event"] not in ("begins", "accuracy"):
            return
        what = f"{job.device} {job.precision}"
        if event["event"] == "begins":
            what += f", {event['mode']} {event['pace']}".replace("_", " ")
            self._begun += 1
        part = min(self._done_s + expected_s(job, self._begun), self._total_s) / self._total_s
        passed = time.monotonic() - self._begin
        self._on_step(Step(part, passed / part * (1 - part) if part else self._total_s, what))

    def end(self, job: Job) -> None:
        self._done_s += expected_s(job)
        self._begun = 0
