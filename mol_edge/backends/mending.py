"""What mends a runtime or a device that fails, as a command."""

from __future__ import annotations

from pathlib import Path

PACKAGES = {
    "onnxruntime": ("onnxruntime", "cpu"),
    "openvino": ("openvino", "openvino"),
    "tensorrt": ("tensorrt", "tensorrt"),
    "native": ("mol-edge", ""),
}
"""Runtime to its package and to the extra of mol-edge that brings it."""

ELSEWHERE = "use onnxruntime or openvino"
"""What an error says where a bundle is no fault of the device, and nothing of it can be mended."""

_REINSTALL = "run `pip install --force-reinstall {}`"
_NVIDIA = (
    "see with `nvidia-smi` whether the driver answers and reboot if it does not, then "
    "`pip install --force-reinstall {}`"
)
_NO_KERNEL = (
    "this build has nothing for this GPU, run `pip install --upgrade {}`, or use another device"
)
_NO_KERNEL_JETSON = (
    "this build has nothing for Jetson, run `pip uninstall onnxruntime-gpu` and use "
    "`--device tensorrt`"
)
_JETSON = "see with `sudo dmesg | grep -i nvgpu` what the driver says and reboot"
_INTEL = {
    "GPU": "bring the driver up to date with `sudo apt install --reinstall intel-opencl-icd`",
    "NPU": "see with `sudo dmesg | grep -i vpu` what the driver says and install a newer one from "
    "https://github.com/intel/linux-npu-driver",
}


def mend(device: str, what: str) -> str:
    """What to do about a device that failed its trial.

    Args:
        device: in full.
        what: how it failed.

    Example:
        >>> mend("onnxruntime:cpu", "it crashed with SIGSEGV")
        'run `pip install --force-reinstall onnxruntime`'
    """
    runtime, _, target = device.partition(":")
    package = package_of(runtime, target)
    if runtime == "tensorrt" or target.startswith(("cuda", "tensorrt")):
        if "no kernel image" in what:
            return _NO_KERNEL_JETSON if is_jetson() else _NO_KERNEL.format(package)
        return _JETSON if is_jetson() else _NVIDIA.format(package)
    kind = target.partition(".")[0]
    if runtime == "openvino" and kind in _INTEL:
        return _INTEL[kind]
    return _REINSTALL.format(package)


def package_of(runtime: str, target: str = "") -> str:
    """The package that brings a runtime for a device."""
    if runtime == "onnxruntime" and target.startswith(("cuda", "tensorrt")):
        return "onnxruntime-gpu"
    return PACKAGES.get(runtime, (runtime, ""))[0]


def is_jetson(root: Path = Path("/")) -> bool:
    """Whether this is one of NVIDIA's Jetson modules."""
    return (root / "etc/nv_tegra_release").is_file()
