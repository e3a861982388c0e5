"""Files of a run: the trained model, and the state from which an interrupted run goes on."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mol_edge.errors import InputError, OutputError
from training.checkpoint_file import UnreadableError, load_file
from training.config import FitConfig, completed
from training.model import Mol, MolConfig

LAST, BEST = "last.pt", "model.pt"


@dataclass(frozen=True)
class Facts:
    """What a deployed model must carry besides its weights.

    Attributes:
        labels: class names.
        mean, scale: a crop is (luma - mean) / scale.
        alignment: ``anchored`` or ``per_frame``.
        window_ms: time from the first to the last frame of a window.
        provenance: how the weights came about, free in form.
    """

    labels: tuple[str, ...]
    mean: float
    scale: float
    alignment: str
    window_ms: float
    provenance: Mapping[str, Any]


def save_atomically(content: Mapping[str, Any], path: Path) -> None:
    """Write a file in full or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(dict(content), partial)
        os.replace(partial, path)
    except (OSError, RuntimeError) as error:
        raise OutputError(
            f"The checkpoint {path} must be writable, and is not ({error}): free space or name "
            "another folder with --out."
        ) from None


def save_model(model: Mol, facts: Facts, path: Path) -> None:
    """Write a checkpoint that `export` and `training.evaluate` read (`weights_only`)."""
    content = {
        "state_dict": {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()},
        "config": model.config.to_dict(),
        "labels": list(facts.labels),
        "mean": facts.mean,
        "scale": facts.scale,
        "alignment": facts.alignment,
        "window_ms": facts.window_ms,
        "provenance": dict(facts.provenance),
    }
    save_atomically(content, path)


def load_model(path: Path) -> tuple[Mol, Facts]:
    """Read what `save_model` wrote; the network is in eval mode.

    Raises:
        InputError: the file is no checkpoint of `training.fit`.
    """
    content = read(path)
    try:
        model = Mol(MolConfig(**content["config"]))
        model.load_state_dict(content["state_dict"], strict=True)
        facts = Facts(
            tuple(content["labels"]), float(content["mean"]), float(content["scale"]),
            str(content["alignment"]), float(content["window_ms"]), content["provenance"],
        )  # fmt: skip
    except (KeyError, TypeError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"{path} must be a checkpoint of training.fit, and is not ({reason}): "
            "name the model.pt of a run."
        ) from None
    return model.eval(), facts


def read(path: Path) -> dict[str, Any]:
    """The entries of a checkpoint, read without running anything in it."""
    try:
        content = load_file(path)
    except UnreadableError as error:
        raise InputError(
            f"{path} must be a checkpoint, and cannot be read as one ({error}): check the path."
        ) from None
    if not isinstance(content, dict):
        raise InputError(f"{path} must hold a dictionary, got {type(content).__name__}.")
    return content


def same_run(kept: Mapping[str, Any], config: FitConfig) -> Sequence[str]:
    """Fields in which a kept configuration differs so that going on would be another run.

    Further phases after those that there were make a run longer, not another one.
    """
    now, kept = config.to_dict(), completed(kept)
    free = {"run": ("device", "threads", "workers", "processes", "prefetch", "log_every")}
    differing = []
    for table, values in now.items():
        old = kept[table]
        if table == "phases" and isinstance(old, list):
            values = values[: len(old)]
        if isinstance(values, dict) and isinstance(old, Mapping):
            names = [n for n in values if n not in free.get(table, ()) and values[n] != old.get(n)]
            differing += [f"{table}.{name}" for name in names]
        elif values != old:
            differing.append(table)
    return differing
