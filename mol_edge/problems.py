"""What is wrong with an installation, and the command that mends each thing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mol_edge.backends.child_trial import DEADLINE_S, longer
from mol_edge.system_facts import SystemFacts

_ONNX_RUNTIMES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino")
_OPENCVS = (
    "opencv-python",
    "opencv-contrib-python",
    "opencv-python-headless",
    "opencv-contrib-python-headless",
)
_NPU_DRIVER = "https://github.com/intel/linux-npu-driver"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        what: what is wrong and what comes of it, without a full stop.
        mend: the command that mends it.
    """

    what: str
    mend: str


@dataclass(frozen=True)
class Installed:
    """What is installed of the packages that can be in each other's way.

    Attributes:
        versions: distribution, in lower case with hyphens, to its version.
        modules: modules that can be found.
        system_modules: modules that the system's own Python packages have.
    """

    versions: Mapping[str, str]
    modules: frozenset[str] = frozenset()
    system_modules: frozenset[str] = frozenset()


def installed(root: Path = Path("/")) -> Installed:
    """What is installed here.

    Example:
        >>> "numpy" in installed().versions
        True
    """
    versions: dict[str, str] = {}
    for found in importlib.metadata.distributions():
        name = found.metadata["Name"]
        if name:
            versions.setdefault(re.sub(r"[-_.]+", "-", name).lower(), found.version)
    modules = {name for name in ("cv2", "tensorrt", "cuda") if importlib.util.find_spec(name)}
    folders = list((root / "usr/lib").glob("python3*/dist-packages"))
    system = {name for name in ("cv2", "tensorrt") if any((f / name).exists() for f in folders)}
    return Installed(versions, frozenset(modules), frozenset(system))


def find_problems(facts: SystemFacts, there: Installed) -> list[Problem]:
    """Every problem that files and versions show; what runs and what does not is told by trials."""
    return [
        *_package_conflicts(facts, there),
        *_jetson_problems(facts, there),
        *_tensorrt_problems(facts, there),
        *_driver_problems(facts),
    ]


def nothing_works(hung_s: float | None = None) -> Problem:
    """What to do where no device works.

    Args:
        hung_s: the deadline, where every device let it pass; None where some failed otherwise.
    """
    if hung_s is not None and hung_s < DEADLINE_S:
        return Problem(
            f"No device gave a result within {hung_s:g} s, which is short", longer(hung_s)
        )
    return Problem(
        "No device works; do what is said beside each, or begin anew",
        'pip install --force-reinstall "mol-edge[cpu]"',
    )


def _package_conflicts(facts: SystemFacts, there: Installed) -> Iterator[Problem]:
    runtimes = [name for name in _ONNX_RUNTIMES if name in there.versions]
    if len(runtimes) > 1:
        keep = "onnxruntime" if facts.is_jetson else runtimes[1]
        yield Problem(
            f"{' and '.join(runtimes)} are installed together and overwrite each other's files, "
            "so that providers go missing",
            f"pip uninstall -y {' '.join(runtimes)} && pip install {keep}",
        )
    opencvs = [name for name in _OPENCVS if name in there.versions]
    if len(opencvs) > 1:
        yield Problem(
            f"{' and '.join(opencvs)} are installed together and overwrite each other's files",
            f"pip uninstall -y {' '.join(opencvs)} && pip install {opencvs[0]}",
        )


def _jetson_problems(facts: SystemFacts, there: Installed) -> Iterator[Problem]:
    if not facts.is_jetson:
        return
    opencvs = [name for name in _OPENCVS if name in there.versions]
    if opencvs and "cv2" in there.system_modules:
        yield Problem(
            f"{opencvs[0]} hides JetPack's OpenCV, which has GStreamer, so that CSI cameras vanish",
            f"pip uninstall -y {' '.join(opencvs)}",
        )
    numpy = there.versions.get("numpy", "")
    if not opencvs and "cv2" in there.system_modules and numpy.startswith("2."):
        yield Problem(
            f"JetPack's OpenCV is built against NumPy 1 and NumPy {numpy} is installed, so that it "
            "cannot be imported",
            'pip install "numpy<2"',
        )
    if "onnxruntime-gpu" in there.versions:
        yield Problem(
            "PyPI's onnxruntime-gpu has no kernels for a Jetson's GPU and fails at the first "
            "inference",
            "pip uninstall -y onnxruntime-gpu",
        )
    if "tensorrt" in there.system_modules and "tensorrt" not in there.modules:
        yield Problem(
            "JetPack's TensorRT is installed and cannot be seen from this virtual environment",
            "python3 -m venv --system-site-packages VENV",
        )
    if facts.jetpack and int(facts.jetpack) < 6:
        yield Problem(
            f"This is JetPack {facts.jetpack}, whose TensorRT is older than 10",
            "sudo apt dist-upgrade, or flash JetPack 6 with NVIDIA's SDK Manager",
        )
    if facts.power_mode and not facts.power_mode.startswith("MAXN"):
        yield Problem(
            f"The power mode is {facts.power_mode}, which caps the clocks",
            f"sudo nvpmodel -m {facts.fastest_mode or '0'}",
        )
    if facts.clocks_pinned is False:
        yield Problem(
            "The clocks rise only when there is load, which lengthens the slowest frames",
            "sudo jetson_clocks",
        )


def _tensorrt_problems(facts: SystemFacts, there: Installed) -> Iterator[Problem]:
    if "tensorrt" in there.modules and "cuda" not in there.modules:
        yield Problem(
            "TensorRT is installed and NVIDIA's CUDA bindings, which carry data to it, are not",
            'pip install "cuda-bindings>=12.8,<13"',
        )
    version = there.versions.get("tensorrt", "")
    if version and version.partition(".")[0].isdigit() and int(version.partition(".")[0]) < 10:
        yield Problem(
            f"TensorRT {version} is older than 10, which this needs",
            "pip install --upgrade tensorrt",
        )


def _driver_problems(facts: SystemFacts) -> Iterator[Problem]:
    if facts.nvidia_gpus and not facts.nvidia_driver:
        yield Problem(
            "There is an NVIDIA GPU and its driver is not loaded",
            "sudo ubuntu-drivers install && sudo reboot",
        )
    if facts.closed:
        yield Problem(
            f"This user may not open {', '.join(facts.closed)}",
            "sudo usermod -aG render $USER, then log in again",
        )
    if facts.intel_gpus and not facts.opencl:
        yield Problem(
            "There is an Intel GPU and its OpenCL driver, which OpenVINO uses, is not installed",
            "sudo apt install intel-opencl-icd",
        )
    if facts.npu_on_bus and not facts.npus:
        yield Problem(
            "There is an Intel NPU and its driver is not loaded",
            f"install the packages of {_NPU_DRIVER}, then sudo reboot",
        )
