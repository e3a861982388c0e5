"""Outputs recorded from the official code, with the weights and clips that belong to them."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

GOLDEN = Path(__file__).parent / "golden"
RECORDINGS = ("cls3_k4_pattern_b2", "cls5_k2_pattern", "cls5_k4_noise")


def _params() -> Any:
    spec = importlib.util.spec_from_file_location("golden_params", GOLDEN / "params.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


params = _params()


def recording(name: str) -> tuple[Mapping[str, NDArray[Any]], NDArray[np.float32]]:
    """A recorded file and its clip [B, 1, 8, 128, 128]."""
    recorded = np.load(GOLDEN / f"{name}.npz")
    return recorded, params.clip(
        str(recorded["kind"]), int(recorded["batch"]), int(recorded["seed"])
    )


def seeded_state(shapes: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, Any]:
    """A state dict of tensors that depend on name, shape and seed alone."""
    import torch

    return {
        name: torch.from_numpy(np.asarray(params.parameter(name, shape, seed)))
        for name, shape in shapes.items()
    }


def golden_model(recorded: Mapping[str, NDArray[Any]]) -> Any:
    """The network of a recording, in eval mode."""
    from training.model import Mol, MolConfig

    config = MolConfig(classes=int(recorded["classes"]), neighbours=int(recorded["neighbours"]))
    model = Mol(config).eval()
    shapes = tuple((name, tuple(value.shape)) for name, value in model.state_dict().items())
    model.load_state_dict(_weights(shapes, int(recorded["seed"])), strict=True)
    return model


@lru_cache(maxsize=1)
def _weights(shapes: tuple[tuple[str, tuple[int, ...]], ...], seed: int) -> dict[str, Any]:
    """What was drawn last, since several files ask for the same 80 MB."""
    return seeded_state(dict(shapes), seed)
