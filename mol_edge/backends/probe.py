"""What a child process does to try a device, told and answered in JSON.

A driver may crash or hang, which no `except` catches, so a device is first tried where that does no
harm; `mol_edge.backends.child_trial` starts the child and judges how it ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Be the child: the request is the last argument, the answer goes to what was stdout."""
    request = json.loads(sys.argv[-1])
    answers = os.dup(1)
    # Runtimes and drivers write to standard output as they like.
    os.dup2(2, 1)
    if hasattr(signal, "setitimer"):
        # Ends a child whose parent was killed, also in the middle of a driver's call.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, request["deadline_s"] + 5.0)
    answer = _answer(request)
    with os.fdopen(answers, "w") as pipe:
        pipe.write(json.dumps(answer))
    # Some runtimes crash or hang while Python takes them down.
    os._exit(0)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    tasks = {"import": _import, "list": _list, "machine": _machine, "try": _try}
    try:
        return tasks[request["task"]](request)
    except Exception as error:
        from mol_edge.backends.session import first_line
        from mol_edge.errors import MolEdgeError

        ours = isinstance(error, MolEdgeError)
        text = str(error) if ours else f"{type(error).__name__}: {first_line(error)}"
        return {"error": text, "kind": type(error).__name__}


def _import(request: dict[str, Any]) -> dict[str, Any]:
    """Import a module and tell its version."""
    import importlib

    version = getattr(importlib.import_module(request["module"]), "__version__", "")
    return {"version": str(version)}


def _list(request: dict[str, Any]) -> dict[str, Any]:
    """Tell the devices that a runtime says it has."""
    from mol_edge.backends.targets import targets_of

    return {"targets": targets_of(request["runtime"])}


def _machine(request: dict[str, Any]) -> dict[str, Any]:
    """Tell what TensorRT's engines depend on here."""
    from dataclasses import asdict

    from mol_edge.backends.cuda_runtime import Cuda
    from mol_edge.backends.engine_cache import Machine
    from mol_edge.backends.importing import import_runtime
    from mol_edge.jetson import l4t_release

    version = import_runtime("tensorrt", "tensorrt", "tensorrt").__version__
    return asdict(Machine(version, Cuda(0).compute_capability, l4t_release()))


def _try(request: dict[str, Any]) -> dict[str, Any]:
    """Run real inferences; the milliseconds of one new frame, or None where less was run."""
    from mol_edge.backends.base import BackendOptions
    from mol_edge.backends.opening import open_device
    from mol_edge.backends.trial import time_frame, trial_graphs, try_graphs
    from mol_edge.bundle import Bundle

    fields = dict(request["options"])
    folder = fields.pop("cache_dir")
    options = BackendOptions(**fields, cache_dir=None if folder is None else Path(folder))
    bundle = Bundle.open(request["bundle"])
    with open_device(bundle, request["device"], options) as backend:
        graphs = trial_graphs(backend, every=request["every"])
        try_graphs(backend, graphs)
        whole = set(graphs) >= {"features", "encoder", "flow"}
        seconds = time_frame(backend) if whole else None
        return {"seconds": seconds, "graphs": list(graphs), "device": backend.device}


if __name__ == "__main__":
    main()
