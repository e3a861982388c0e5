"""Which runtime runs a bundle: the one that was named, or the faster of those that work."""

from __future__ import annotations

import logging
import threading

from mol_edge.backends.base import BackendOptions
from mol_edge.backends.device import Device, installed_runtimes
from mol_edge.backends.session import SessionBackend, first_line
from mol_edge.backends.trial import FRAME_GRAPHS, time_frame, try_graphs
from mol_edge.bundle import Bundle
from mol_edge.errors import BundleError, DeviceError, MissingExtraError, MolEdgeError

log = logging.getLogger(__name__)

_TRIAL_RUNS = 5
_DEADLINE_S = 60.0


def open_backend(
    bundle: Bundle, device: str = "auto", options: BackendOptions | None = None
) -> SessionBackend:
    """Open a bundle on a device and run one real inference there.

    Args:
        bundle: the model.
        device: ``runtime[:device]`` such as ``openvino``, ``onnxruntime:cpu``,
            ``onnxruntime:cuda:0``; or ``auto``: one new frame with flow is computed on the CPU by
            each installed runtime, and the faster one is taken. `Backend.reasons` says why.
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
        return _fastest(bundle, options)
    backend = _open(bundle, Device.parse(device), options)
    try_graphs(backend, FRAME_GRAPHS[:1])
    backend.reasons = (f"{backend.device} was asked for",)
    return backend


def _open(bundle: Bundle, device: Device, options: BackendOptions) -> SessionBackend:
    if device.runtime == "openvino":
        from mol_edge.backends.openvino_ import OpenVinoBackend

        return OpenVinoBackend(bundle, device, options)
    from mol_edge.backends.onnxruntime_ import OnnxRuntimeBackend

    return OnnxRuntimeBackend(bundle, device, options)


def _fastest(bundle: Bundle, options: BackendOptions) -> SessionBackend:
    """Try each installed CPU runtime; the order of `RUNTIMES` decides between equals."""
    runtimes = installed_runtimes()
    if not runtimes:
        raise MissingExtraError("onnxruntime", "cpu", "The device auto")
    reasons: list[str] = []
    best: tuple[float, SessionBackend] | None = None
    for runtime in runtimes:
        device = Device.parse(runtime)
        try:
            backend, seconds = _within_deadline(bundle, device, options)
        except BundleError:
            raise
        except MolEdgeError as error:
            reasons.append(f"{device} does not work: {first_line(error)}")
            continue
        reasons.append(f"{device} takes {seconds * 1e3:.1f} ms for a frame")
        if best is not None and best[0] <= seconds:
            backend.close()
            continue
        if best is not None:
            best[1].close()
        best = seconds, backend
    if best is None:
        raise DeviceError(f"No device works ({'; '.join(reasons)}): run `mol-edge doctor`.")
    chosen = best[1]
    chosen.reasons = (*reasons, f"{chosen.device} is the fastest that works")
    log.info("Device %s: %s.", chosen.device, "; ".join(reasons))
    return chosen


def _within_deadline(
    bundle: Bundle, device: Device, options: BackendOptions
) -> tuple[SessionBackend, float]:
    """Open a device and time it, or give up on it after the deadline."""
    outcome: list[tuple[SessionBackend, float] | BaseException] = []

    def attempt() -> None:
        try:
            backend = _open(bundle, device, options)
            outcome.append((backend, time_frame(backend, _TRIAL_RUNS)))
        except BaseException as error:
            outcome.append(error)

    # A runtime that hangs cannot be stopped, so its thread must not keep the process alive.
    thread = threading.Thread(target=attempt, name=f"try {device}", daemon=True)
    thread.start()
    thread.join(_DEADLINE_S)
    if not outcome:
        raise DeviceError(f"{device} gave no result within {_DEADLINE_S:.0f} s.")
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]
