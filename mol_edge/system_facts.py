"""What the machine says of itself: board, drivers, power mode. Nothing here loads a driver."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mol_edge import jetson
from mol_edge.backends.targets import intel_gpus, npus
from mol_edge.jetson import read

_ROOT = Path("/")
_COMMAND_S = 5.0
_NVIDIA_VERSION = re.compile(r"NVRM version:.*?\s(\d+\.\d+(?:\.\d+)?)")
_POWER_MODE = re.compile(r"NV Power Mode:\s*(\S+)")
_POWER_MODEL = re.compile(r"POWER_MODEL\s+ID=(\d+)\s+NAME=(MAXN\S*)")
_DISPLAY, _NPU = ("0x03",), ("0x1200",)

RunCommand = Callable[[Sequence[str]], str]


def run_command(command: Sequence[str]) -> str:
    """What a command prints; empty where it is absent, fails or takes too long."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_COMMAND_S, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""


@dataclass(frozen=True)
class SystemFacts:
    """What matters to inference on this machine; empty texts are for what it does not have.

    Attributes:
        board: name of an embedded board.
        l4t: release of Linux for Tegra, such as ``36.4.0``.
        jetpack: major version of the JetPack that it belongs to.
        power_mode: of a Jetson, such as ``MAXN`` or ``15W``.
        fastest_mode: number of its fastest power mode.
        clocks_pinned: whether a Jetson's clocks are held at their highest; None elsewhere.
        nvidia_driver: version of NVIDIA's kernel driver.
        nvidia_gpus: how many NVIDIA GPUs are on the bus.
        intel_gpus: render nodes of Intel GPUs.
        intel_gpu_driver: kernel driver of these, ``i915`` or ``xe``.
        opencl: whether Intel's OpenCL driver, which OpenVINO uses, is installed.
        npus: nodes of Intel NPUs.
        npu_on_bus: whether there is an NPU, with or without a driver.
        npu_driver: version of its kernel driver.
        closed: nodes that this user may not open.
    """

    board: str = ""
    l4t: str = ""
    jetpack: str = ""
    power_mode: str = ""
    fastest_mode: str = ""
    clocks_pinned: bool | None = None
    nvidia_driver: str = ""
    nvidia_gpus: int = 0
    intel_gpus: tuple[str, ...] = ()
    intel_gpu_driver: str = ""
    opencl: bool = False
    npus: tuple[str, ...] = ()
    npu_on_bus: bool = False
    npu_driver: str = ""
    closed: tuple[str, ...] = field(default=())

    @property
    def is_jetson(self) -> bool:
        """Whether this is one of NVIDIA's Jetson modules."""
        return self.l4t != ""

    def rows(self) -> list[tuple[str, str]]:
        """What is there, as names and values for people."""
        pinned = {None: "", True: "held at their highest", False: "left to the governor"}
        npu = ", ".join(self.npus) or ("there, without a driver" if self.npu_on_bus else "")
        rows = [
            ("board", self.board),
            ("Linux for Tegra", f"{self.l4t} (JetPack {self.jetpack or '?'})" if self.l4t else ""),
            ("power mode", self.power_mode),
            ("clocks", pinned[self.clocks_pinned]),
            ("NVIDIA driver", self.nvidia_driver),
            ("Intel GPU", _with(", ".join(self.intel_gpus), self.intel_gpu_driver)),
            ("Intel NPU", _with(npu, self.npu_driver)),
        ]
        return [(name, value) for name, value in rows if value]


def _with(value: str, driver: str) -> str:
    return f"{value} (driver {driver})" if value and driver else value


def collect(root: Path = _ROOT, run: RunCommand = run_command) -> SystemFacts:
    """Read the facts.

    Args:
        root: where the file system begins, for tests.
        run: runs a command and gives what it prints.

    Example:
        >>> collect(Path("/nowhere"), lambda command: "").rows()
        []
    """
    l4t = jetson.l4t_release(root)
    gpus, accelerators = tuple(intel_gpus(root)), tuple(npus(root))
    closed = [str(node) for node in (*gpus, *accelerators) if not _opens(node)]
    return SystemFacts(
        board=jetson.model(root),
        l4t=l4t,
        jetpack=jetson.jetpack(l4t),
        power_mode=_found(_POWER_MODE, run(["nvpmodel", "-q"])) if l4t else "",
        fastest_mode=_found(_POWER_MODEL, read(root / "etc/nvpmodel.conf")) if l4t else "",
        clocks_pinned=_clocks_pinned(root) if l4t else None,
        nvidia_driver=_found(_NVIDIA_VERSION, read(root / "proc/driver/nvidia/version")),
        nvidia_gpus=_on_bus(root, "0x10de", _DISPLAY),
        intel_gpus=tuple(map(str, gpus)),
        intel_gpu_driver=_gpu_driver(root) if gpus else "",
        opencl=any((root / "etc/OpenCL/vendors").glob("intel*.icd")),
        npus=tuple(map(str, accelerators)),
        npu_on_bus=_on_bus(root, "0x8086", _NPU) > 0,
        npu_driver=read(root / "sys/module/intel_vpu/version").strip(),
        closed=tuple(closed),
    )


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found.group(1) if found else ""


def _opens(node: Path) -> bool:
    return os.access(node, os.R_OK | os.W_OK)


def _clocks_pinned(root: Path) -> bool | None:
    """Whether every core's lowest frequency is its highest, as `jetson_clocks` leaves them."""
    folders = sorted((root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq"))
    pairs = [
        (read(folder / "scaling_min_freq").strip(), read(folder / "cpuinfo_max_freq").strip())
        for folder in folders
    ]
    return all(low and low == high for low, high in pairs) if pairs else None


def _on_bus(root: Path, vendor: str, kinds: tuple[str, ...]) -> int:
    devices = (root / "sys/bus/pci/devices").glob("*")
    return sum(
        read(device / "vendor").strip() == vendor and read(device / "class").startswith(kinds)
        for device in devices
    )


def _gpu_driver(root: Path) -> str:
    there = [name for name in ("xe", "i915") if (root / "sys/module" / name).is_dir()]
    return there[0] if there else ""
