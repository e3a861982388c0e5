"""Holding a folder, so that two processes do not write into it at the same time."""

from __future__ import annotations

import os
import sys
from pathlib import Path


class HeldError(Exception):
    """Another process holds the folder."""


def lock_folder(folder: Path) -> int | None:
    """Hold a folder against other processes until the descriptor is closed, however we end.

    Returns:
        The descriptor; None where the system or the file system knows no such lock.

    Raises:
        HeldError: another process holds it.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    descriptor = None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        assert descriptor is not None
        os.close(descriptor)
        raise HeldError from None
    except OSError:
        if descriptor is not None:
            os.close(descriptor)
        return None
    return descriptor
