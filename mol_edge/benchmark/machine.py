"""What machine this is: what does not change while a benchmark runs."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mol_edge import _core, jetson
from mol_edge._version import __version__
from mol_edge.benchmark.probe import Ask, ask, known, read_number, read_text

_ROOT = Path("/")
_PACKAGES = (
    "numpy", "onnxruntime", "onnxruntime-gpu", "openvino", "tensorrt", "cuda-python",
    "opencv-python", "opencv-python-headless",
)  # fmt: skip
_NVIDIA = "name,driver_version,memory.total,power.limit,clocks.max.sm"


def describe_machine(root: Path = _ROOT, ask: Ask = ask) -> dict[str, Any]:
    """Processors, memory, GPUs, system and versions; no name of the host or its user.

    Args:
        root: where the system's files lie.
        ask: runs a command and returns what it prints, or None.

    Example:
        >>> describe_machine()["cpu"]["logical_cores"] >= 1
        True
    """
    return {
        "cpu": _cpu(root),
        "memory_mb": known(_memory_mb(root)),
        "board": known(jetson.model(root) or _board(root)),
        "gpus": known(_gpus(ask)),
        "jetson": known(_jetson(root, ask)),
        "system": _system(root),
        "versions": _versions(),
    }


def _cpu(root: Path) -> dict[str, Any]:
    info = read_text(root / "proc/cpuinfo") or ""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    policies = root / "sys/devices/system/cpu"
    governors = {
        text for text in map(read_text, policies.glob("cpu[0-9]*/cpufreq/scaling_governor")) if text
    }
    highest = [
        value / 1e3
        for value in map(read_number, policies.glob("cpu[0-9]*/cpufreq/cpuinfo_max_freq"))
        if value
    ]
    return {
        "name": known(_cpu_name(info)),
        "architecture": platform.machine(),
        "logical_cores": os.cpu_count() or 1,
        "allowed_cores": known(allowed),
        "instruction_set": _core._isa(),
        "virtual": "hypervisor" in info,
        "governor": known(", ".join(sorted(governors))),
        "max_mhz": known(max(highest, default=None)),
    }


def _cpu_name(info: str) -> str | None:
    """The processor's name; on Arm, which gives none, its implementer's and part's numbers."""
    for key in ("model name", "Model", "Hardware"):
        found = re.search(rf"^{key}\s*:\s*(.+)$", info, re.MULTILINE)
        if found:
            return found[1].strip()
    numbers = [
        re.search(rf"^CPU {key}\s*:\s*(\S+)$", info, re.MULTILINE)
        for key in ("implementer", "part")
    ]
    words = [found[1] for found in numbers if found]
    return f"Arm {' '.join(words)}" if len(words) == 2 else platform.processor() or None


def _memory_mb(root: Path) -> float | None:
    found = re.search(r"MemTotal:\s*(\d+) kB", read_text(root / "proc/meminfo") or "")
    return round(int(found[1]) * 1024 / 1e6) if found else None


def _board(root: Path) -> str | None:
    folder = root / "sys/class/dmi/id"
    parts = (read_text(folder / name) for name in ("sys_vendor", "product_name"))
    return " ".join(part for part in parts if part) or None


def _gpus(ask: Ask) -> list[dict[str, Any]]:
    """NVIDIA's by its own tool; other GPUs are named by the runtime that uses them."""
    text = ask(["nvidia-smi", f"--query-gpu={_NVIDIA}", "--format=csv,noheader,nounits"]) or ""
    gpus = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) == len(_NVIDIA.split(",")):
            name, driver, *numbers = cells
            memory, limit, clock = (known(_number(text)) for text in numbers)
            gpus.append(
                {
                    "name": name,
                    "driver": driver,
                    "memory_mb": memory,
                    "power_limit_w": limit,
                    "max_mhz": clock,
                }
            )
    return gpus


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _jetson(root: Path, ask: Ask) -> Mapping[str, Any] | None:
    """L4T, JetPack and power mode, or None where this is no Jetson."""
    release = jetson.l4t_release(root)
    if not release:
        return None
    mode = re.search(r"NV Power Mode:\s*(\S+)", ask(["nvpmodel", "-q"]) or "")
    return {
        "l4t": release,
        "jetpack": known(
            ask(["dpkg-query", "-W", "-f=${Version}", "nvidia-jetpack"]) or jetson.jetpack(release)
        ),
        "nvpmodel": known(mode[1] if mode else None),
    }


def _system(root: Path) -> dict[str, Any]:
    release = read_text(root / "etc/os-release") or ""
    found = re.search(r'^PRETTY_NAME="?([^"\n]+)', release, re.MULTILINE)
    return {"os": known(found[1] if found else platform.system()), "kernel": platform.release()}


def _versions() -> dict[str, str]:
    versions = {"mol-edge": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
