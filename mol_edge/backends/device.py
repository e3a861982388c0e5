"""Devices by name: `runtime[:device]`, and what of that is on this machine."""

from __future__ import annotations

import importlib.util
import os
import re
from dataclasses import dataclass
from pathlib import Path

from mol_edge.errors import DeviceError

NATIVE = "native"
"""The C++ core's own inference, which is there wherever mol-edge is."""

NATIVE_PRECISIONS = ("fp32", "int8")
"""What it computes."""

RUNTIMES = ("tensorrt", "openvino", "onnxruntime", NATIVE)
"""Runtimes by the name of their package, but for `NATIVE`."""

_FORMS = (
    "auto, native, tensorrt, openvino, openvino:GPU, onnxruntime, onnxruntime:cpu, "
    "onnxruntime:cuda:0"
)
_TARGETS = {
    "tensorrt": re.compile(r"[0-9]+"),
    "openvino": re.compile(r"[A-Z]+(\.[0-9]+)?"),
    "onnxruntime": re.compile(r"cpu|(cuda|tensorrt)(:[0-9]+)?"),
    NATIVE: re.compile(r"cpu"),
}
_DEFAULTS = {"tensorrt": "0", "openvino": "CPU", "onnxruntime": "cpu", NATIVE: "cpu"}
_THREAD_LIMIT = 4


@dataclass(frozen=True)
class Device:
    """A runtime and the device it is to use.

    Attributes:
        runtime: ``tensorrt``, ``openvino``, ``onnxruntime`` or ``native``.
        target: the device as the runtime calls it, such as ``CPU``, ``cuda:0`` or ``0``.

    Example:
        >>> str(Device.parse("openvino"))
        'openvino:CPU'
        >>> Device.parse("onnxruntime:cuda").target
        'cuda:0'
    """

    runtime: str
    target: str

    @classmethod
    def parse(cls, text: str) -> Device:
        """Read ``runtime[:device]``; raises DeviceError where it names no known device."""
        runtime, _, target = text.partition(":") if isinstance(text, str) else ("", "", "")
        if runtime not in RUNTIMES:
            raise DeviceError(f"device must be one like {_FORMS}, got {text!r}.")
        target = target if ":" in text else _DEFAULTS[runtime]
        target = target.upper() if runtime == "openvino" else target.lower()
        if _TARGETS[runtime].fullmatch(target) is None:
            raise DeviceError(f"device must be one like {_FORMS}, got {text!r}.")
        return cls(runtime, f"{target}:0" if target in ("cuda", "tensorrt") else target)

    def __str__(self) -> str:
        return f"{self.runtime}:{self.target}"

    @property
    def index(self) -> int:
        """The GPU's number; 0 where the name has none."""
        number = re.search(r"[0-9]+$", self.target)
        return int(number.group()) if number else 0


def installed_runtimes() -> tuple[str, ...]:
    """The runtimes whose package is there, in the order of `RUNTIMES`; it may be broken."""
    return tuple(
        name for name in RUNTIMES if name == NATIVE or importlib.util.find_spec(name) is not None
    )


def default_threads() -> int:
    """Threads of one inference where none are asked for: the physical cores, at most 4."""
    allowed = _allowed_cpus()
    return max(1, min(_physical_cores(allowed), _THREAD_LIMIT))


def _allowed_cpus() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))


def _physical_cores(cpus: set[int], root: Path = Path("/sys/devices/system/cpu")) -> int:
    """How many cores the logical `cpus` belong to; as many as `cpus` where nothing tells."""
    cores = set()
    for cpu in cpus:
        try:
            siblings = root / f"cpu{cpu}" / "topology" / "thread_siblings_list"
            cores.add(siblings.read_text().strip())
        except OSError:
            return len(cpus)
    return len(cores)
