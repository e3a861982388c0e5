"""Which runtime runs a bundle: the one that was named, or the first that works."""

from __future__ import annotations

import logging

from mol_edge.backends.base import BackendOptions
from mol_edge.backends.child_trial import DEADLINE_S, Trial, try_device
from mol_edge.backends.device import Device
from mol_edge.backends.kept_choice import Choice, KeptChoices, choice_key
from mol_edge.backends.opening import open_device
from mol_edge.backends.session import SessionBackend, first_line
from mol_edge.backends.targets import cpu_candidates, gpu_candidates
from mol_edge.backends.trial import trial_graphs, try_graphs
from mol_edge.bundle import Bundle
from mol_edge.errors import BundleError, DeviceError, MissingExtraError, MolEdgeError

log = logging.getLogger(__name__)

_DEADLINE_S = DEADLINE_S


def open_backend(
    bundle: Bundle, device: str = "auto", options: BackendOptions | None = None
) -> SessionBackend:
    """Open a bundle on a device and run one real inference there.

    Args:
        bundle: the model.
        device: ``runtime[:device]`` such as ``openvino``, ``onnxruntime:cpu``,
            ``onnxruntime:cuda:0``, ``tensorrt``; or ``auto``: TensorRT, ONNX Runtime with CUDA and
            OpenVINO on a GPU are tried in this order, each in a process of its own, and the first
            that works is taken; else the faster of the CPU runtimes. An NPU must be named.
            `Backend.reasons` says why. The choice is kept until runtimes, drivers or options
            change, or `mol-edge doctor` is run.
        options: threads, precision, cache.

    Raises:
        MissingExtraError: the runtime is not installed.
        DeviceError: the device does not exist or does not work. Another one is never taken.
        BundleError: the bundle has no graphs of the precision asked for.

    Example:
        >>> from mol_edge import Bundle
        >>> with open_backend(Bundle.default(), "onnxruntime") as backend:
        ...     backend.device
        'onnxruntime:cpu'
    """
    options = options or BackendOptions()
    if device == "auto":
        return _choose(bundle, options)
    backend = _opened(bundle, device, options)
    backend.reasons = (f"{backend.device} was asked for",)
    return backend


def _opened(bundle: Bundle, device: str, options: BackendOptions) -> SessionBackend:
    backend = open_device(bundle, Device.parse(device), options)
    try:
        backend.prepare()
        try_graphs(backend, trial_graphs(backend)[:1])
    except BaseException:
        backend.close()
        raise
    return backend


def _choose(bundle: Bundle, options: BackendOptions) -> SessionBackend:
    if options.precision not in bundle.manifest.graphs:
        bundle.graph_info("features", options.precision)
    gpus, cpus = gpu_candidates(), cpu_candidates(options.precision)
    if not gpus and not cpus:
        raise MissingExtraError("onnxruntime", "cpu", "The device auto")
    kept, key = KeptChoices(), choice_key(bundle, options, [*gpus, *cpus])
    backend = _kept(bundle, options, kept, key)
    if backend is not None:
        return backend
    reasons: list[str] = []
    for device, why in _in_order(bundle, options, gpus, cpus, reasons):
        try:
            backend = _opened(bundle, device, options)
        except BundleError:
            raise
        except MolEdgeError as error:
            reasons.append(f"{device} worked when it was tried, then not: {first_line(error)}")
            continue
        backend.reasons = (*reasons, why)
        kept.keep(key, Choice(device, backend.reasons))
        log.info("Device %s: %s.", device, "; ".join(backend.reasons))
        return backend
    raise DeviceError(f"No device works ({'; '.join(reasons)}): run `mol-edge doctor`.")


def _kept(
    bundle: Bundle, options: BackendOptions, kept: KeptChoices, key: str
) -> SessionBackend | None:
    """The device that an earlier run took, unless it no longer works."""
    choice = kept.get(key)
    if choice is None:
        return None
    risky = not choice.device.lower().endswith(":cpu")
    if risky:
        kept.mark(key, opening=True)
    try:
        backend = _opened(bundle, choice.device, options)
    except BundleError:
        raise
    except MolEdgeError as error:
        log.info("Device %s no longer works: %s", choice.device, error)
        kept.forget(key)
        return None
    if risky:
        kept.mark(key, opening=False)
    backend.reasons = choice.reasons
    log.info("Device %s, as before: %s.", choice.device, "; ".join(choice.reasons))
    return backend


def _in_order(
    bundle: Bundle,
    options: BackendOptions,
    gpus: list[str],
    cpus: list[str],
    reasons: list[str],
) -> list[tuple[str, str]]:
    """The devices that work, best first, with why; says of each trial how it went."""

    def tried(device: str) -> Trial:
        trial = try_device(bundle, device, options, deadline_s=_DEADLINE_S)
        reasons.append(_line(trial))
        return trial

    for device in gpus:
        if tried(device).works:
            first = (device, f"{device} works, and GPUs come before CPUs")
            return [first, *((name, f"{name} is left") for name in cpus)]
    trials = [trial for trial in map(tried, cpus) if trial.works]
    trials.sort(key=lambda trial: trial.seconds or 0.0)
    return [(trial.device, f"{trial.device} is the fastest that works") for trial in trials]


def _line(trial: Trial) -> str:
    if not trial.works:
        return f"{trial.device} does not work: {trial.note.rstrip('.')}"
    if trial.seconds is None:
        return f"{trial.device} runs {', '.join(trial.graphs)}"
    return f"{trial.device} takes {trial.seconds * 1e3:.1f} ms for a frame"
