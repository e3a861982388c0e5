"""Which processes a benchmark starts, in which order."""

from __future__ import annotations

from dataclasses import replace

from mol_edge.backends.device import Device
from mol_edge.backends.targets import computes
from mol_edge.benchmark.job import Job
from mol_edge.benchmark.modes import cells_of
from mol_edge.benchmark.options import BenchmarkOptions
from mol_edge.bundle import Bundle
from mol_edge.doctor import find_devices
from mol_edge.errors import BundleError, MissingExtraError

_STARTING_S = 3.0
_SGEMM_S = 1.0
# Products, and the warm-up of a slice that is not the first.
_SLICE_S = 0.1


def plan(bundle: Bundle, options: BenchmarkOptions) -> tuple[Job, ...]:
    """The jobs in order: rounds of every device with every precision, every second one backwards.

    The modes without the network run with the first device and precision alone, large matrix
    products with each device's first precision, and accuracy in the first round alone.

    Raises:
        BundleError: the bundle has no such precision.
        DeviceError: a device's name is none.
        MissingExtraError: no runtime is installed.
    """
    there = tuple(bundle.manifest.graphs)
    for precision in options.precisions:
        if precision not in there:
            raise BundleError(
                f"The bundle {bundle.manifest.name} has the precisions {', '.join(there)}, and "
                f"none called {precision!r}: ask for one of these or export it again."
            )
    devices = [str(Device.parse(name)) for name in options.devices] or find_devices()
    if not devices:
        raise MissingExtraError("onnxruntime", "cpu", "A benchmark")
    precisions = options.precisions or there
    pairs = [
        (device, each)
        for device in devices
        for each in precisions
        # One that computes none of them is left in, and says so itself.
        if computes(device, each) or not any(computes(device, one) for one in precisions)
    ]
    jobs = [
        _job(bundle, options, *pair, around=pair == pairs[0], sgemm=pair[1] == precisions[0])
        for pair in pairs
    ]
    again = [replace(job, accuracy=False) for job in jobs]
    rounds = (jobs if index == 0 else again[:: (-1) ** index] for index in range(options.rounds))
    return tuple(job for each in rounds for job in each)


def _job(
    bundle: Bundle,
    options: BenchmarkOptions,
    device: str,
    precision: str,
    *,
    around: bool,
    sgemm: bool,
) -> Job:
    return Job(
        bundle=bundle.folder.resolve(),
        device=device,
        precision=precision,
        cells=cells_of(options.modes, options.paces, around),
        rule=options.rule,
        slices=options.slices,
        accuracy=True,
        sgemm=sgemm,
        threads=options.threads,
        profile=options.profile,
        fps=options.fps,
        video=None if options.video is None else options.video.resolve(),
        detector=options.detector,
        slow_down=options.slow_down,
    )


def expected_s(job: Job, begun: int | None = None) -> float:
    """A guess at how long a job takes, or how long until so many of its slices have begun."""
    cells = len(job.cells)
    slices = cells * job.slices if begun is None else max(begun - 1, 0)
    slice_s = job.rule.min_duration_ms / 1e3 / job.slices + _SLICE_S
    warm_up_s = min(slices, cells) * job.rule.warm_up_ms / 1e3
    return _STARTING_S + job.sgemm * _SGEMM_S + warm_up_s + slices * slice_s
