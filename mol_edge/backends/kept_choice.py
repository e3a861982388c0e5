"""Which device ``auto`` took, kept between runs for as long as nothing it depends on changes.

Each entry is keyed by what decided it: the model's size, precision, threads, the processor, and the
versions of the runtimes and drivers. A device is marked while it is opened, so that one which takes
the process with it is tried anew the next time.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import os
import platform
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mol_edge._version import __version__
from mol_edge.backends.base import BackendOptions
from mol_edge.backends.device import default_threads
from mol_edge.bundle import Bundle
from mol_edge.paths import user_cache_dir

log = logging.getLogger(__name__)

FILE = "devices.json"
_MOST = 64
_PACKAGES = (
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "openvino",
    "tensorrt",
    "cuda-bindings",
)
# What differs between the machines that share a home or an image.
_OF_PROCESSOR = ("model name", "flags", "Features", "CPU implementer", "CPU part")
_DRIVERS = (
    "proc/driver/nvidia/version",
    "etc/nv_tegra_release",
    "sys/module/i915/srcversion",
    "sys/module/xe/srcversion",
    "sys/module/intel_vpu/srcversion",
)


@dataclass(frozen=True)
class Choice:
    """A device, and one line for each candidate that was tried."""

    device: str
    reasons: tuple[str, ...]


def choice_key(
    bundle: Bundle, options: BackendOptions, candidates: list[str], root: Path = Path("/")
) -> str:
    """A digest of everything that a choice depends on."""
    facts = {
        "mol-edge": __version__,
        "model": asdict(bundle.manifest.model),
        "precision": options.precision,
        "threads": options.threads or default_threads(),
        "profile": options.profile,
        "candidates": candidates,
        "python": [sys.prefix, platform.python_version()],
        "packages": {name: _version(name) for name in _PACKAGES},
        "kernel": platform.release(),
        "processor": [platform.machine(), *_processor(root)],
        "drivers": [_content(root / path) for path in _DRIVERS],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]


class KeptChoices:
    """The choices in a file of the user's cache; a file that cannot be read or written is none."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or user_cache_dir() / FILE

    def get(self, key: str) -> Choice | None:
        """The choice of a key, unless a process ended while it opened that device."""
        entry = self._read().get(key)
        try:
            if entry is None or _gone(entry.get("opening")):
                return None
            return Choice(str(entry["device"]), tuple(map(str, entry["reasons"])))
        except (AttributeError, KeyError, TypeError, ValueError):
            return None

    def keep(self, key: str, choice: Choice) -> None:
        """Keep a choice, the oldest ones going first."""
        entries = self._read()
        entries.pop(key, None)
        entries[key] = asdict(choice)
        self._write(dict(list(entries.items())[-_MOST:]))

    def forget(self, key: str) -> None:
        """Drop a choice that does not work any more."""
        entries = self._read()
        if entries.pop(key, None) is not None:
            self._write(entries)

    def clear(self) -> None:
        """Drop all choices."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            log.info("The choices of devices in %s cannot be dropped: %s.", self.path, error)

    def mark(self, key: str, opening: bool) -> None:
        """Note that this process is opening the device of a choice, or has done so."""
        entries = self._read()
        if isinstance(entries.get(key), dict):
            entries[key]["opening"] = os.getpid() if opening else None
            self._write(entries)

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _write(self, entries: dict[str, Any]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", dir=self.path.parent, prefix=f".{FILE}.", delete=False
            ) as draft:
                json.dump(entries, draft, indent=1)
            os.replace(draft.name, self.path)
        except OSError as error:
            log.info("The choice of a device cannot be kept in %s: %s.", self.path, error)


def _gone(pid: object) -> bool:
    """Whether a process that was opening a device has ended without saying so."""
    if not isinstance(pid, int) or pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor(root: Path) -> list[str]:
    """The lines of /proc/cpuinfo that say which processor this is and what it can do."""
    lines = (_content(root / "proc/cpuinfo") or "").splitlines()
    return sorted({line for line in lines if line.partition(":")[0].strip() in _OF_PROCESSOR})


def _content(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return None
