"""What a Jetson says about itself, read from its files; empty on other machines."""

from __future__ import annotations

import re
from pathlib import Path

_RELEASE = re.compile(r"#\s*R(\d+)\s*\(release\),\s*REVISION:\s*([\d.]+)")
_ROOT = Path("/")

JETPACKS = {"34": "5", "35": "5", "36": "6", "38": "7"}
"""Major release of Linux for Tegra to that of JetPack."""


def l4t_release(root: Path = _ROOT) -> str:
    """Release of Linux for Tegra, such as ``36.4.0``.

    Example:
        >>> l4t_release(Path("/nowhere"))
        ''
    """
    found = _RELEASE.search(read(root / "etc/nv_tegra_release"))
    return f"{found.group(1)}.{found.group(2)}" if found else ""


def jetpack(release: str) -> str:
    """Major version of the JetPack that a release belongs to, empty where it is not known.

    Example:
        >>> jetpack("36.4.0")
        '6'
    """
    return JETPACKS.get(release.partition(".")[0], "")


def model(root: Path = _ROOT) -> str:
    """Name of the board, such as ``NVIDIA Jetson Orin Nano Developer Kit``."""
    return read(root / "proc/device-tree/model").strip("\0 \n")


def read(path: Path) -> str:
    """The text of a file, empty where it cannot be read."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
