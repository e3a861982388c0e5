"""Building an engine: a typed ONNX graph becomes what one GPU runs.

Types are those of the graph alone: the network is strongly typed, no precision is allowed by a flag
and nothing is calibrated, which is what TensorRT from 10 on understands. TF32 is off.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tensorrt as trt

from mol_edge.backends.build_progress import BuildProgress, OnProgress, PhaseSteps, log_progress
from mol_edge.errors import DeviceError
from mol_edge.graph_info import TensorInfo

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BuildRequest:
    """What to build.

    Attributes:
        graph: name of the graph.
        onnx: its ONNX file, constants inside.
        inputs: names, types and shapes of its inputs.
        batch: the one batch size it is built for.
        timing: timings of earlier builds, or empty.
        expected_s: how long it took before, or None.
    """

    graph: str
    onnx: bytes
    inputs: Mapping[str, TensorInfo]
    batch: int
    timing: bytes = b""
    expected_s: float | None = None


@dataclass(frozen=True)
class Built:
    """An engine, the timings to keep, and the seconds it took."""

    engine: bytes
    timing: bytes
    seconds: float


def build_engine(
    logger: trt.ILogger, request: BuildRequest, on_progress: OnProgress | None = None
) -> Built:
    """Build an engine for the GPU that is current in this thread.

    Raises:
        DeviceError: the graph cannot be parsed or built; the message says where.
    """
    began = time.monotonic()
    _tell_beginning(request)
    builder = trt.Builder(logger)
    network = builder.create_network(_network_flags())
    _parse(network, logger, request)
    config = builder.create_builder_config()
    _set_flags(config)
    config.add_optimization_profile(_profile(builder, request))
    cache = config.create_timing_cache(request.timing)
    config.set_timing_cache(cache, True)
    config.progress_monitor = _monitor(request, on_progress or log_progress())
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        raise DeviceError(
            f"TensorRT {trt.__version__} must build an engine of {request.graph} and could not: "
            "run again with --verbose to see what it said, and `mol-edge doctor` for its versions."
        )
    seconds = time.monotonic() - began
    log.info("Built %s for batch %d in %.0f s.", request.graph, request.batch, seconds)
    return Built(bytes(engine), bytes(cache.serialize()), seconds)


def _network_flags() -> int:
    """Strongly typed; where versions know no other kind, there may be no flag for it."""
    flag = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return 0 if flag is None else 1 << int(flag)


def _set_flags(config: trt.IBuilderConfig) -> None:
    # On by default: it rounds what enters a product to 10 bits, which flips neighbours of the k-NN.
    config.clear_flag(trt.BuilderFlag.TF32)


def _parse(network: trt.INetworkDefinition, logger: trt.ILogger, request: BuildRequest) -> None:
    parser = trt.OnnxParser(network, logger)
    if parser.parse(request.onnx):
        return
    errors = [parser.get_error(index) for index in range(parser.num_errors)]
    what = "; ".join(f"{error.node_name() or error.node()}: {error.desc()}" for error in errors[:3])
    raise DeviceError(
        f"TensorRT {trt.__version__} must parse {request.graph} and cannot "
        f"({what or 'it gave no reason'}): check the bundle with "
        "`python -m export.tensorrt_check` and export it again."
    )


def _profile(builder: trt.Builder, request: BuildRequest) -> trt.IOptimizationProfile:
    """One size alone: minimum, optimum and maximum are the same."""
    profile = builder.create_optimization_profile()
    for name, info in request.inputs.items():
        shape: Any = tuple(request.batch if size == "N" else int(size) for size in info.shape)
        profile.set_shape(name, shape, shape, shape)
    return profile


def _tell_beginning(request: BuildRequest) -> None:
    expected = (
        f"about {request.expected_s:.0f} s, as before"
        if request.expected_s is not None
        else "some minutes on a small GPU"
    )
    log.warning(
        "Building the engine of %s for batch %d, which takes %s and is kept for later runs.",
        request.graph,
        request.batch,
        expected,
    )


def _monitor(request: BuildRequest, tell: OnProgress) -> trt.IProgressMonitor:
    """An object of TensorRT's class that turns its calls into `BuildProgress`."""
    steps, began = PhaseSteps(), time.monotonic()

    def report() -> None:
        seconds, done = time.monotonic() - began, steps.done
        left = None if request.expected_s is None else max(0.0, request.expected_s - seconds)
        tell(BuildProgress(request.graph, done, seconds, left))

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            # The binding refuses an object whose base was not initialised by name.
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            steps.start(phase_name, parent_phase, num_steps)
            report()

        def step_complete(self, phase_name: str, step: int) -> bool:
            steps.complete(phase_name, step)
            report()
            return True

        def phase_finish(self, phase_name: str) -> None:
            steps.finish(phase_name)
            report()

    monitor: trt.IProgressMonitor = Monitor()
    return monitor
