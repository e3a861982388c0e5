"""Where mol-edge keeps files between runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CACHE_VARIABLE = "MOL_EDGE_CACHE"


def user_cache_dir() -> Path:
    """The folder for downloaded models and compiled graphs; it need not exist yet.

    `MOL_EDGE_CACHE` where it is set, else the platform's own place: `XDG_CACHE_HOME` or
    ``~/.cache`` on Linux, ``~/Library/Caches`` on macOS, ``%LOCALAPPDATA%`` on Windows.

    Example:
        >>> import os
        >>> os.environ["MOL_EDGE_CACHE"] = "models"
        >>> user_cache_dir().name
        'models'
        >>> del os.environ["MOL_EDGE_CACHE"]
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    return _platform_cache() / "mol-edge"


def _platform_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification says that a relative path there is to be ignored.
    return Path(xdg) if Path(xdg).is_absolute() else Path.home() / ".cache"
