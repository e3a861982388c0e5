"""What is installed and what of it works, shown by running a real inference on every device.

Packages are imported and devices tried in child processes: what crashes or hangs there is reported
here.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from mol_edge import _core
from mol_edge._version import __version__
from mol_edge.backends import BackendOptions
from mol_edge.backends.child_trial import DEADLINE_S, note_of, run_probe, try_device
from mol_edge.backends.device import installed_runtimes
from mol_edge.backends.kept_choice import KeptChoices
from mol_edge.bundle import Bundle
from mol_edge.problems import Problem, find_problems, installed, nothing_works
from mol_edge.system_facts import SystemFacts, collect

PACKAGES = {
    "numpy": ("numpy", "", "arrays"),
    "cv2": ("opencv-python", "cpu", "reading video, finding faces, drawing"),
    "onnxruntime": ("onnxruntime", "cpu", "inference"),
    "openvino": ("openvino", "openvino", "inference"),
    "tensorrt": ("tensorrt", "tensorrt", "inference on NVIDIA's GPUs"),
    "cuda.bindings.runtime": ("cuda-bindings", "tensorrt", "data for TensorRT"),
    "rich": ("rich", "cli", "progress bar"),
}
"""Import name to package, extra, and what mol-edge uses it for."""

_IMPORT_S = 30.0


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
        frame_ms: usual time of the graphs of one new frame with flow; None where it failed, or
            where engines must be built first.
        note: why it failed and what mends it, or what is left to do.
        works: whether the graphs that were run gave finite numbers.
        hung: whether it gave no result before the deadline.
    """

    device: str
    frame_ms: float | None
    note: str = ""
    works: bool = False
    hung: bool = False


@dataclass(frozen=True)
class DoctorReport:
    """All that `mol-edge doctor` tells.

    Attributes:
        machine: Python, system, processors, instruction set of the C++ core.
        system: board, drivers and power mode.
        packages: what can be imported.
        devices: what runs.
        problems: what is wrong, each with the command that mends it.
    """

    machine: str
    system: SystemFacts
    packages: tuple[PackageReport, ...]
    devices: tuple[DeviceReport, ...]
    problems: tuple[Problem, ...]

    @property
    def works(self) -> bool:
        """Whether any device works."""
        return any(report.works for report in self.devices)

    def to_json(self) -> dict[str, Any]:
        """The report as an object of JSON."""
        return {"mol_edge": __version__, "works": self.works, **asdict(self)}


def examine(bundle: Bundle, deadline_s: float = DEADLINE_S) -> DoctorReport:
    """Look at everything; `auto` forgets what it chose before, since something may be mended now.

    Args:
        bundle: the model to run.
        deadline_s: seconds until a device counts as hung.
    """
    KeptChoices().clear()
    facts = collect()
    packages = check_packages(nvidia=facts.nvidia_gpus > 0 or facts.is_jetson)
    devices = tuple(
        name if isinstance(name, DeviceReport) else check_device(bundle, name, deadline_s)
        for name in _devices(deadline_s)
    )
    problems = find_problems(facts, installed())
    if not any(report.works for report in devices):
        hung = len(devices) > 0 and all(report.hung for report in devices)
        problems.append(nothing_works(deadline_s if hung else None))
    return DoctorReport(describe_machine(), facts, tuple(packages), devices, tuple(problems))


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


def check_packages(nvidia: bool = False) -> list[PackageReport]:
    """Import every package that mol-edge can use and tell its version or what is wrong.

    Args:
        nvidia: whether to miss the packages for NVIDIA's GPUs where they are not installed.
    """
    modules = [
        module
        for module, (_, extra, _) in PACKAGES.items()
        if nvidia or extra != "tensorrt" or _is_there(module)
    ]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(_check_package, modules))


def _check_package(module: str) -> PackageReport:
    name, extra, purpose = PACKAGES[module]
    if not _is_there(module):
        return PackageReport(name, "", f'{purpose}: run `pip install "mol-edge[{extra}]"`')
    outcome = run_probe({"task": "import", "module": module}, _IMPORT_S)
    if outcome.ending != "answered":
        remedy = f"run `pip install --force-reinstall {name}`"
        return PackageReport(
            name, "", f"{purpose}: installed but broken ({outcome.what}): {remedy}"
        )
    version = outcome.answer["version"] or _metadata_version(name)
    return PackageReport(name, version.partition("-")[0], purpose)


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _metadata_version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "?"


def find_devices(deadline_s: float = DEADLINE_S) -> list[str]:
    """Names of the devices that the installed runtimes offer, which need not work."""
    found = _devices(deadline_s)
    return [name.device if isinstance(name, DeviceReport) else name for name in found]


def _devices(deadline_s: float) -> list[str | DeviceReport]:
    """Devices by name; a runtime that cannot tell them is a report of its failure."""
    found: list[str | DeviceReport] = []
    for runtime in installed_runtimes():
        outcome = run_probe({"task": "list", "runtime": runtime}, deadline_s)
        if outcome.ending == "answered":
            found += [f"{runtime}:{target}" for target in outcome.answer["targets"]]
            continue
        note = note_of(runtime, outcome, deadline_s)
        found.append(DeviceReport(runtime, None, note, hung=outcome.ending == "hung"))
    return found


def check_device(bundle: Bundle, device: str, deadline_s: float = DEADLINE_S) -> DeviceReport:
    """Run every small graph of the bundle on the device, and give up after the deadline.

    Args:
        bundle: the model to run.
        device: ``runtime[:device]``.
        deadline_s: seconds until a device counts as hung.

    Example:
        >>> check_device(Bundle.default(), "onnxruntime:cpu").works
        True
    """
    trial = try_device(bundle, device, BackendOptions(), every=True, deadline_s=deadline_s)
    if not trial.works:
        return DeviceReport(device, None, trial.note, hung=trial.ending == "hung")
    if trial.seconds is None:
        note = f"its engines are not built yet: run `mol-edge warmup --device {device}`"
        return DeviceReport(device, None, note, works=True)
    return DeviceReport(device, 1e3 * trial.seconds, works=True)
