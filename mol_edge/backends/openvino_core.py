"""One OpenVINO core for the whole process, which is never let go.

OpenVINO's CPU plugin gives the thread that loads it a stack for signal handlers, and unmaps that
when it goes. With two cores that do not go in reverse order of their coming, or one that goes in
another thread, the first thread is left with a stack that is no longer there: the next signal is
written over whatever lies there by then. Seen with OpenVINO 2026.4, Python's fault handler and
PyTorch's data loader, whose handler of ended children uses that stack.
"""

from __future__ import annotations

import threading
from typing import Any

_lock = threading.Lock()
_core: Any = None


def the_core() -> Any:
    """The process's `openvino.Core`, made when it is first asked for.

    Example:
        >>> the_core() is the_core()
        True
    """
    global _core
    with _lock:
        if _core is None:
            import openvino

            _core = openvino.Core()
        return _core
