"""Reading checkpoints: the official bare state dict, or our own with its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mol_edge.errors import InputError, OptionError
from training.checkpoints import UNREADABLE, why_unreadable
from training.model import Mol, MolConfig

CLASSIFIER = "mer_3dcnn.fc2"
WRAPPER = "module."


@dataclass(frozen=True)
class Checkpoint:
    """A network in eval mode with what is known of its training.

    Attributes:
        model: the network.
        facts: for our own checkpoints `labels`, `mean`, `scale`, `alignment`, `window_ms` and
            what else was kept; empty for an official state dict.
    """

    model: Mol
    facts: Mapping[str, Any] = field(default_factory=dict)


def load_checkpoint(path: Path, neighbours: int | None = None) -> Checkpoint:
    """Load a checkpoint without running anything it contains (`weights_only`).

    Args:
        path: a ``.pth`` file with a state dict of the official code, or a checkpoint of
            `training.fit`.
        neighbours: k of the graph; an official state dict does not say it (4 by default).

    Raises:
        InputError: no such file, not a checkpoint, or one of another network; every entry that
            is missing, unexpected or of another shape is named.
    """
    content = _read(path)
    if isinstance(content.get("state_dict"), Mapping) and "config" in content:
        facts = {
            key: value for key, value in content.items() if key not in ("state_dict", "config")
        }
        config = _config(path, content["config"])
        if neighbours not in (None, config.neighbours):
            raise OptionError(
                f"The checkpoint {path} was trained with {config.neighbours} neighbours, "
                f"got --neighbours {neighbours}: leave the option out."
            )
        state = content["state_dict"]
    else:
        facts, state = {}, _without_wrapper(content)
        config = MolConfig(
            classes=_classes(path, state), neighbours=4 if neighbours is None else neighbours
        )
    return Checkpoint(_fill(path, Mol(config), state), facts)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"A checkpoint is a file, and there is none at {path}: check the path.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise InputError(
            f"{path} must be a PyTorch checkpoint that holds tensors alone, and cannot be read "
            f"as one ({why_unreadable(error)}): save the network's state_dict with torch.save."
        ) from None
    if not isinstance(content, Mapping) or not content:
        raise InputError(
            f"{path} must hold a state dict, got {type(content).__name__}: "
            "save the network's state_dict with torch.save."
        )
    return dict(content)


def _config(path: Path, values: object) -> MolConfig:
    if not isinstance(values, Mapping):
        raise InputError(
            f"The entry config of {path} must be the fields of a MolConfig, got "
            f"{type(values).__name__}: save the checkpoint with training.fit."
        )
    try:
        return MolConfig(**{str(key): value for key, value in values.items()})
    except TypeError as error:
        raise InputError(
            f"The entry config of {path} must be the fields of a MolConfig ({error}): "
            "use the version of the code that wrote the checkpoint."
        ) from None


def _without_wrapper(state: Mapping[str, Any]) -> dict[str, Any]:
    """Entries without the prefix that torch's DataParallel puts in front of every name."""
    if all(str(name).startswith(WRAPPER) for name in state):
        return {str(name)[len(WRAPPER) :]: value for name, value in state.items()}
    return dict(state)


def _classes(path: Path, state: Mapping[str, Any]) -> int:
    """Classes of an official state dict, which says them by the size of its last layer alone."""
    sizes = [
        len(value)
        for value in (state.get(f"{CLASSIFIER}.{part}") for part in ("weight", "bias"))
        if isinstance(value, Tensor) and value.dim() > 0
    ]
    expected = Mol(MolConfig()).state_dict().keys()
    if len(expected & state.keys()) < len(expected) / 2:
        raise InputError(
            f"{path} must hold a MOL state dict of {len(expected)} entries, got {len(state)} "
            f"such as {', '.join(list(map(str, state))[:3])}: it is a checkpoint of another "
            "network."
        )
    return sizes[0] if sizes else MolConfig().classes


def _fill(path: Path, model: Mol, state: Mapping[str, Any]) -> Mol:
    expected = model.state_dict()
    faults = [f"missing {name}" for name in expected if name not in state]
    faults += [f"unexpected {name}" for name in state if name not in expected]
    for name, wanted in expected.items():
        came = state.get(name)
        if isinstance(came, Tensor) and came.shape != wanted.shape:
            faults.append(f"{name} of shape {list(came.shape)} instead of {list(wanted.shape)}")
        elif name in state and not isinstance(came, Tensor):
            faults.append(f"{name} of type {type(came).__name__} instead of a tensor")
        elif isinstance(came, Tensor) and not torch.isfinite(came.double()).all():
            faults.append(f"{name} with values that are not finite")
    if faults:
        raise InputError(
            f"The checkpoint {path} does not fit the network ({len(faults)} faults): "
            f"{'; '.join(faults)}."
        )
    model.load_state_dict(dict(state), strict=True)
    return model.eval()
