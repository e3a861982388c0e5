"""What two reports do not have in common besides their times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mol_edge.benchmark.report import Report


@dataclass(frozen=True)
class Differences:
    """What differs, each as ``name: before -> after``.

    Attributes:
        machine: processor, memory, GPU, board, clocks' governor, power mode.
        bundle: name, hash, whether it is trained.
        settings: threads, profile, stop rule, video and the like.
        versions: of mol-edge, the runtimes and the system.
    """

    machine: tuple[str, ...]
    bundle: tuple[str, ...]
    settings: tuple[str, ...]
    versions: tuple[str, ...]


def find_differences(before: Report, after: Report) -> Differences:
    """Compare two reports' surroundings."""
    old, new = before.content, after.content
    machine = [_of_machine(each["machine"]) for each in (old, new)]
    bundle = [
        {"name": each["bundle"]["name"], "hash": each["bundle"]["sha256"][:12]}
        for each in (old, new)
    ]
    settings = [_flat(each["settings"]) for each in (old, new)]
    versions = [{**each["machine"]["versions"], **each["machine"]["system"]} for each in (old, new)]
    return Differences(*(_differing(*pair) for pair in (machine, bundle, settings, versions)))


def _of_machine(machine: Mapping[str, Any]) -> dict[str, Any]:
    """What says which machine it is, and how it is set; memory to the nearest GB."""
    memory = machine["memory_mb"]
    rounded = memory if isinstance(memory, str) else f"{round(memory / 1e3)} GB"
    parts = {name: machine[name] for name in ("board", "gpus", "jetson")}
    return {**_flat(machine["cpu"]), "memory": rounded, **parts}


def _flat(value: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, item in value.items():
        if isinstance(item, Mapping):
            flat.update(_flat(item))
        else:
            flat[name.replace("_", " ")] = item
    return flat


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    names = dict.fromkeys([*old, *new])
    return tuple(
        f"{name}: {old.get(name, 'none')} -> {new.get(name, 'none')}"
        for name in names
        if old.get(name) != new.get(name)
    )
