"""Finding a network's weights in what training code saved around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch

from mol_edge.errors import InputError
from training.model import Mol, MolConfig

DEPTH = 3
"""How many dictionaries may lie around the weights."""


def state_within(path: Path, content: Mapping[str, Any]) -> dict[str, Any]:
    """The one state dict of a MOL network in a checkpoint, with the names of the official code.

    Args:
        path: where it was read from, for messages.
        content: the state dict itself, or dictionaries with it, such as training code keeps
            beside an optimiser. Every name may begin with what wraps the network (`module.` of
            DataParallel, `model.` of Lightning).

    Raises:
        InputError: there is none, or more than one.
    """
    found = dict(_networks(content, "", DEPTH))
    if not found:
        raise InputError(
            f"{path} must hold a MOL state dict of {len(_names())} entries, got {len(content)} "
            f"such as {', '.join(list(map(str, content))[:3])}: it is a checkpoint of another "
            "network."
        )
    if len(found) > 1:
        places = " and ".join(place or "no name" for place in found)
        raise InputError(
            f"{path} must hold the weights of one network, and holds them under {places}: "
            "save one of them alone with torch.save."
        )
    return next(iter(found.values()))


def _networks(
    content: Mapping[str, Any], place: str, depth: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """State dicts that hold at least half of MOL's entries, with where they lie."""
    state = {str(name): value for name, value in content.items()}
    fronts = Counter(front for front in map(_front, state) if front is not None)
    whole = [front for front, count in fronts.items() if 2 * count >= len(_names())]
    for front in whole:
        yield (
            f"{place}.{front}".strip("."),
            {name[len(front) :]: value for name, value in state.items() if name.startswith(front)},
        )
    if depth and not whole:
        for name, value in state.items():
            if isinstance(value, Mapping):
                yield from _networks(value, f"{place}.{name}".strip("."), depth - 1)


def _front(name: str) -> str | None:
    """What stands before the name of one of MOL's entries, with its dot; None for others."""
    parts = name.split(".")
    for place in range(len(parts)):
        if ".".join(parts[place:]) in _names():
            return "".join(f"{part}." for part in parts[:place])
    return None


@cache
def _names() -> frozenset[str]:
    with torch.device("meta"):
        return frozenset(Mol(MolConfig()).state_dict())
