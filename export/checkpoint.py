"""Reading checkpoints: an official state dict, or our own with its configuration."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from export.unwrap import state_within
from export.weights import fill
from mol_edge.errors import InputError, OptionError
from training.checkpoint_file import UnreadableError, load_file
from training.model import Mol, MolConfig

CLASSIFIER = "mer_3dcnn.fc2"


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
        path: a ``.pth`` file with a state dict of the official code, also among what training
            code kept beside it, or a checkpoint of `training.fit`.
        neighbours: k of the graph; an official state dict does not say it (4 by default).

    Raises:
        InputError: no such file, not a checkpoint, or one of another network; the first entries
            that are missing, unexpected, of another shape or no weights are named.
    """
    content = _read(path)
    own = isinstance(content.get("state_dict"), Mapping) and "config" in content
    if own:
        facts = {
            key: value for key, value in content.items() if key not in ("state_dict", "config")
        }
        facts["provenance"] = _provenance(path, facts.get("provenance", {}))
        config = _config(path, content["config"])
        if neighbours not in (None, config.neighbours):
            raise OptionError(
                f"The checkpoint {path} was trained with {config.neighbours} neighbours, "
                f"got --neighbours {neighbours}: leave the option out."
            )
        state = state_within(path, content["state_dict"])
    else:
        facts, state = {}, state_within(path, content)
        config = MolConfig(
            classes=_classes(state), neighbours=4 if neighbours is None else neighbours
        )
    return Checkpoint(fill(path, Mol(config), state, own), facts)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"A checkpoint is a file, and there is none at {path}: check the path.")
    try:
        content = load_file(path)
    except UnreadableError as error:
        raise InputError(
            f"{path} must be a PyTorch checkpoint that holds tensors alone, and cannot be read "
            f"as one ({error}): save `model.state_dict()` alone with torch.save."
        ) from None
    if not isinstance(content, Mapping) or not content:
        came = "an empty one" if isinstance(content, Mapping) else type(content).__name__
        raise InputError(
            f"{path} must hold a state dict, got {came}: save `model.state_dict()` with torch.save."
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
    except (TypeError, RuntimeError) as error:
        raise InputError(
            f"The entry config of {path} must be the fields of a MolConfig ({error}): "
            "use the version of the code that wrote the checkpoint."
        ) from None


def _provenance(path: Path, value: object) -> dict[str, Any]:
    """What is kept of a checkpoint's making, as JSON has it, for the manifest."""
    if not isinstance(value, Mapping):
        raise InputError(
            f"The entry provenance of {path} must be a dictionary, got {type(value).__name__}: "
            "save the checkpoint with training.fit, or without that entry."
        )
    return {str(key): _plain(path, f"provenance.{key}", item) for key, item in value.items()}


def _plain(path: Path, place: str, value: object) -> Any:
    """A value as JSON has it, which knows no NaN: what could not be measured is null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(path, f"{place}.{key}", item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(path, f"{place}.{index}", item) for index, item in enumerate(value)]
    if value is not None and not isinstance(value, (str, int, float)):
        raise InputError(
            f"The entry provenance of {path} must hold text and numbers alone, got a "
            f"{type(value).__name__} at {place}: leave it out, or save a number."
        )
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _classes(state: Mapping[str, Any]) -> int:
    """Classes of an official state dict, which says them by the size of its last layer alone."""
    sizes = [
        value.shape[0]
        for value in (state.get(f"{CLASSIFIER}.{part}") for part in ("weight", "bias"))
        if isinstance(value, Tensor) and value.dim() > 0
    ]
    return sizes[0] if sizes else MolConfig().classes
