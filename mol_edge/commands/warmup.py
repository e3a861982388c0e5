"""`mol-edge warmup`: build and compile now what the first run would wait for."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from mol_edge.commands.exit_codes import OK

if TYPE_CHECKING:
    from mol_edge.backends.build_progress import BuildProgress, OnProgress
    from mol_edge.backends.session import SessionBackend

_EVERY_S = 2.0


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    text = (
        "Open a model on a device, build the engines that TensorRT needs, which takes minutes "
        "once, and run every graph, so that the first run starts at once."
    )
    parser = commands.add_parser(
        "warmup", help="build and compile ahead of the first run", description=text
    )
    parser.add_argument("--bundle", metavar="DIR", help="model (default: the demo model)")
    parser.add_argument("--device", default="auto", help="as for run (default: auto)")
    parser.add_argument("--precision", default="fp32", help="precision of the bundle to run")
    parser.add_argument(
        "--batch",
        metavar="N,…",
        type=_sizes,
        default=(1,),
        help="faces at a time to build engines for, such as 1,2,4 (default: 1)",
    )
    parser.add_argument("--rebuild", action="store_true", help="build what is there already too")
    parser.add_argument("--verbose", action="store_true", help="say more on standard error")
    parser.set_defaults(execute=_warm_up)


def _sizes(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdigit() and 1 <= int(part) <= 64 for part in parts):
        raise argparse.ArgumentTypeError(f"must be numbers from 1 to 64, such as 1,2, got {text!r}")
    return tuple(sorted({1, *map(int, parts)}))


def _warm_up(arguments: argparse.Namespace) -> int:
    from mol_edge.backends import BackendOptions, open_backend
    from mol_edge.backends.child_trial import DEADLINE_S, try_device
    from mol_edge.backends.device import Device
    from mol_edge.backends.opening import open_device
    from mol_edge.backends.trial import SMALL_GRAPHS, try_graphs
    from mol_edge.bundle import Bundle
    from mol_edge.errors import DeviceError

    bundle = Bundle.default() if arguments.bundle is None else Bundle.open(arguments.bundle)
    options = BackendOptions(precision=arguments.precision)
    began = time.monotonic()
    if arguments.device == "auto":
        backend = open_backend(bundle, "auto", options)
    else:
        Device.parse(arguments.device)
        trial = try_device(bundle, arguments.device, options, deadline_s=DEADLINE_S)
        if not trial.works:
            raise DeviceError(trial.note)
        backend = open_device(bundle, arguments.device, options)
    with backend:
        built = _build(backend, arguments.batch, arguments.rebuild)
        try_graphs(backend, SMALL_GRAPHS)
        seconds = time.monotonic() - began
        print(f"{bundle.manifest.name} on {backend.device} is ready after {seconds:.1f} s")
        if built:
            print(f"{built} engines were built and kept")
    return OK


def _build(backend: SessionBackend, sizes: tuple[int, ...], again: bool) -> int:
    """Build the engines that are missing; how many there were."""
    from mol_edge.backends.trial import SMALL_GRAPHS

    todo = [
        (graph, size)
        for size in sizes
        for graph in SMALL_GRAPHS
        if again or not backend.is_ready(graph, size)
    ]
    for number, (graph, size) in enumerate(todo, 1):
        backend.build(graph, size, show_progress(f"{number} of {len(todo)}"))
    return len(todo)


def show_progress(which: str) -> OnProgress:
    """Tells on standard error how far a build is: in place on a terminal, else now and then."""
    stream, told = sys.stderr, -_EVERY_S

    def tell(progress: BuildProgress) -> None:
        nonlocal told
        if progress.seconds - told < _EVERY_S:
            return
        told = progress.seconds
        left = "" if progress.left_s is None else f", about {progress.left_s:.0f} s left"
        line = f"engine {which}, {progress.graph}: {100 * progress.done:.0f}%{left}"
        end = "\r" if stream.isatty() else "\n"
        print(f"{line:<70}", end=end, file=stream, flush=True)

    return tell
