"""What is installed and what of it works, shown by running a real inference on every device."""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import threading
from collections.abc import Callable
from dataclasses import dataclass

from mol_edge import _core
from mol_edge.backends import BackendOptions, open_backend
from mol_edge.backends.device import installed_runtimes
from mol_edge.backends.session import first_line
from mol_edge.backends.trial import SMALL_GRAPHS, time_frame, try_graphs
from mol_edge.bundle import Bundle
from mol_edge.errors import MolEdgeError

PACKAGES = {
    "numpy": ("numpy", "", "arrays"),
    "cv2": ("opencv-python", "cpu", "reading video, finding faces, drawing"),
    "onnxruntime": ("onnxruntime", "cpu", "inference"),
    "openvino": ("openvino", "openvino", "inference"),
    "rich": ("rich", "cli", "progress bar"),
}
"""Import name to package, extra, and what mol-edge uses it for."""

_RUNS = 5
_DEADLINE_S = 60.0


@dataclass(frozen=True)
class PackageReport:
    """One package that mol-edge can use.

    Attributes:
        name: name on the package index.
        version: its version, empty where it cannot be imported.
        note: what it is for, or why it cannot be imported and what to do.
    """

    name: str
    version: str
    note: str


@dataclass(frozen=True)
class DeviceReport:
    """One device that a runtime offers.

    Attributes:
        device: in full, such as ``openvino:GPU.0``.
        frame_ms: median time of the graphs of one new frame with flow, None if it failed.
        note: why it failed, else empty.
    """

    device: str
    frame_ms: float | None
    note: str = ""

    @property
    def works(self) -> bool:
        """Whether every graph ran and gave finite numbers."""
        return self.frame_ms is not None


def describe_machine() -> str:
    """Python, system, processors, and the instruction set that the C++ core uses.

    Example:
        >>> describe_machine().startswith("Python 3.")
        True
    """
    return (
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, "
        f"C++ core with {_core._isa()}"
    )


def check_packages() -> list[PackageReport]:
    """Import every package that mol-edge can use and tell its version or what is wrong."""
    return [_check_package(module) for module in PACKAGES]


def _check_package(module: str) -> PackageReport:
    name, extra, purpose = PACKAGES[module]
    try:
        version = importlib.import_module(module).__dict__.get("__version__")
    except ModuleNotFoundError:
        return PackageReport(name, "", f'{purpose}: run `pip install "mol-edge[{extra}]"`')
    except Exception as error:
        # A shared library that is missing raises ImportError, a wrong NumPy other classes.
        return PackageReport(name, "", f"{purpose}: installed but broken ({first_line(error)})")
    if version is None:
        version = importlib.metadata.version(name)
    return PackageReport(name, str(version).partition("-")[0], purpose)


def find_devices() -> list[str]:
    """Names of the devices that the installed runtimes offer, which need not work."""
    names: list[str] = []
    for runtime in installed_runtimes():
        try:
            names += [f"{runtime}:{target}" for target in _TARGETS[runtime]()]
        except Exception:
            # What is wrong with the runtime is told by trying it.
            names.append(runtime)
    return names


def _openvino_targets() -> list[str]:
    import openvino

    return list(openvino.Core().available_devices)


def _onnxruntime_targets() -> list[str]:
    import onnxruntime

    cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    return ["cpu", "cuda:0"] if cuda else ["cpu"]


_TARGETS: dict[str, Callable[[], list[str]]] = {
    "openvino": _openvino_targets,
    "onnxruntime": _onnxruntime_targets,
}


def check_device(bundle: Bundle, device: str, deadline_s: float = _DEADLINE_S) -> DeviceReport:
    """Run every small graph of the bundle on the device, and give up after the deadline.

    Args:
        bundle: the model to run.
        device: ``runtime[:device]``.
        deadline_s: seconds until a device counts as hung.

    Example:
        >>> check_device(Bundle.default(), "onnxruntime:cpu").works
        True
    """
    reports: list[DeviceReport] = []

    def attempt() -> None:
        try:
            reports.append(DeviceReport(device, _frame_ms(bundle, device)))
        except Exception as error:
            note = str(error) if isinstance(error, MolEdgeError) else first_line(error)
            reports.append(DeviceReport(device, None, note))

    # A runtime that hangs cannot be stopped, so its thread must not keep the process alive.
    thread = threading.Thread(target=attempt, name=f"check {device}", daemon=True)
    thread.start()
    thread.join(deadline_s)
    if not reports:
        return DeviceReport(device, None, f"no answer within {deadline_s:.0f} s")
    return reports[0]


def _frame_ms(bundle: Bundle, device: str) -> float:
    """Median milliseconds of one new frame with flow, after every graph gave finite numbers."""
    with open_backend(bundle, device, BackendOptions()) as backend:
        try_graphs(backend, SMALL_GRAPHS)
        return 1e3 * time_frame(backend, _RUNS)
