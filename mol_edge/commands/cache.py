"""`mol-edge cache`: the engines that TensorRT built, what they take, which ones still serve."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mol_edge.commands.exit_codes import DISAGREES, OK
from mol_edge.commands.table import format_table

if TYPE_CHECKING:
    from mol_edge.backends.engine_cache import CachedEngine, EngineCache, Machine

_MEANING = {
    "ready": "ready",
    "other": "for another GPU or TensorRT",
    "damaged": "damaged",
}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    text = "List, remove or verify the engines that TensorRT built for this machine's GPU."
    parser = commands.add_parser("cache", help="engines that were built", description=text)
    parser.set_defaults(execute=_list, all=False)
    actions = parser.add_subparsers(metavar="ACTION")
    listing = actions.add_parser("ls", help="what there is (default)")
    listing.set_defaults(execute=_list)
    pruning = actions.add_parser(
        "prune", help="remove what is damaged, left over, or of another GPU or TensorRT"
    )
    pruning.add_argument("--all", action="store_true", help="remove every engine and timing")
    pruning.set_defaults(execute=_prune)
    verifying = actions.add_parser("verify", help="compare every engine with its checksum")
    verifying.set_defaults(execute=_verify)


def _list(arguments: argparse.Namespace) -> int:
    cache, machine = _cache(), _machine()
    entries = cache.entries()
    rows = [_row(entry, machine) for entry in entries]
    print(f"{cache.folder}: {len(entries)} engines, {_size(sum(e.size for e in entries))}")
    if rows:
        head = ("graph", "precision", "batch", "size", "built", "TensorRT", "GPU", "state")
        print(format_table(head, rows))
    return OK


def _row(entry: CachedEngine, machine: Machine | None) -> tuple[str, ...]:
    state = _MEANING[entry.state(machine)]
    key = entry.key
    if key is None:
        return (entry.path.stem, "", "", "", "", "", "", state)
    built = time.strftime("%Y-%m-%d", time.localtime(entry.built))
    gpu = f"sm_{key.machine.compute_capability.replace('.', '')}"
    if key.machine.l4t:
        gpu += f", L4T {key.machine.l4t}"
    return (
        key.graph,
        key.precision,
        str(key.batch),
        _size(entry.size),
        f"{built} in {entry.seconds:.0f} s",
        key.machine.tensorrt,
        gpu,
        state,
    )


def _prune(arguments: argparse.Namespace) -> int:
    cache, machine = _cache(), _machine()
    freed: list[tuple[Path, int]] = []
    for entry in cache.entries():
        if arguments.all or entry.state(machine) != "ready":
            freed.append((entry.path, _bytes(entry.path)))
            cache.remove(entry)
    timings = sorted(cache.folder.glob("timing-*.cache")) if arguments.all else []
    for path in (*cache.leftovers(), *timings):
        freed.append((path, _bytes(path)))
        path.unlink(missing_ok=True)
    for path, _ in freed:
        print(f"removed {path.name}")
    print(f"{len(freed)} files removed, {_size(sum(size for _, size in freed))} freed")
    return OK


def _verify(arguments: argparse.Namespace) -> int:
    cache = _cache()
    states = [(entry, entry.state()) for entry in cache.entries()]
    damaged = [entry for entry, state in states if state == "damaged"]
    for entry in damaged:
        print(f"{entry.path} is damaged")
    print(f"{len(states) - len(damaged)} of {len(states)} engines are whole")
    if damaged:
        print("Run `mol-edge cache prune`; what is needed is built again.")
    return DISAGREES if damaged else OK


def _cache() -> EngineCache:
    from mol_edge.backends.engine_cache import EngineCache

    return EngineCache()


def _machine() -> Machine | None:
    """This machine, or None where TensorRT or its GPU does not work: then no engine is of another.

    It is asked in a child process, since a driver may crash.
    """
    from mol_edge.backends.child_trial import run_probe
    from mol_edge.backends.device import installed_runtimes
    from mol_edge.backends.engine_cache import Machine

    if "tensorrt" not in installed_runtimes():
        return None
    outcome = run_probe({"task": "machine"})
    return Machine(**outcome.answer) if outcome.ending == "answered" else None


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
