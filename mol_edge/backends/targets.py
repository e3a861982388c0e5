"""Which devices there may be: told from files where that is possible, else by the runtime."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

from mol_edge.backends.device import NATIVE, NATIVE_PRECISIONS, installed_runtimes

_INTEL = "0x8086"
_ONNX_RUNTIME_LIBRARIES = {
    "cuda": "libonnxruntime_providers_cuda.so",
    "tensorrt": "libonnxruntime_providers_tensorrt.so",
}


def targets_of(runtime: str) -> list[str]:
    """The devices that an installed runtime says it has; import it in a process that may crash.

    Example:
        >>> targets_of("onnxruntime")[0]
        'cpu'
    """
    if runtime == "openvino":
        from mol_edge.backends.openvino_core import the_core

        return list(the_core().available_devices)
    if runtime == "tensorrt":
        from mol_edge.backends.cuda_runtime import count_gpus

        return [str(index) for index in range(count_gpus())]
    if runtime == NATIVE:
        return ["cpu"]
    import onnxruntime

    there = onnxruntime.get_available_providers()
    gpus = [name for name in ("cuda", "tensorrt") if _provider(name) in there]
    return ["cpu", *(f"{name}:0" for name in gpus)]


def _provider(name: str) -> str:
    return {"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}[name]


def gpu_candidates(root: Path = Path("/")) -> list[str]:
    """The GPU devices that are worth a trial, in the order in which ``auto`` takes them.

    TensorRT, ONNX Runtime with CUDA, OpenVINO on an Intel GPU. A runtime that is not installed or
    has no such part, and a GPU that the kernel does not know, need no trial.
    """
    runtimes, found = installed_runtimes(), []
    if "tensorrt" in runtimes:
        found.append("tensorrt:0")
    if "onnxruntime" in runtimes and has_provider("cuda"):
        found.append("onnxruntime:cuda:0")
    if "openvino" in runtimes and any(intel_gpus(root)):
        found.append("openvino:GPU")
    return found


def cpu_candidates(precision: str = "fp32") -> list[str]:
    """The CPU devices of the installed runtimes that compute a precision, the preferred first."""
    names = {NATIVE: "native:cpu", "openvino": "openvino:CPU", "onnxruntime": "onnxruntime:cpu"}
    runtimes = installed_runtimes()
    return [
        name for runtime, name in names.items() if runtime in runtimes and computes(name, precision)
    ]


def computes(device: str, precision: str) -> bool:
    """Whether a device takes graphs of a precision at all.

    Example:
        >>> computes("native:cpu", "fp16"), computes("native:cpu", "int8")
        (False, True)
    """
    return precision in NATIVE_PRECISIONS or device.partition(":")[0] != NATIVE


def has_provider(name: str) -> bool:
    """Whether the ONNX Runtime that is installed has the library of a provider, unimported."""
    spec = importlib.util.find_spec("onnxruntime")
    if spec is None or spec.origin is None:
        return False
    return (Path(spec.origin).parent / "capi" / _ONNX_RUNTIME_LIBRARIES[name]).is_file()


def intel_gpus(root: Path = Path("/")) -> Iterator[Path]:
    """Render nodes of Intel GPUs that the kernel knows."""
    for vendor in sorted((root / "sys/class/drm").glob("renderD*/device/vendor")):
        try:
            if vendor.read_text().strip() == _INTEL:
                yield root / "dev/dri" / vendor.parents[1].name
        except OSError:
            continue


def npus(root: Path = Path("/")) -> list[Path]:
    """Intel NPUs that the kernel knows."""
    return sorted((root / "dev/accel").glob("accel*"))
