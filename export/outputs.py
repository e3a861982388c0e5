"""What a network gives for ordinary frames, looked at before it is exported."""

from __future__ import annotations

import logging
from pathlib import Path

import torch

from mol_edge.errors import InputError
from training.model import Mol
from training.model.config import CROP, FRAMES

_log = logging.getLogger(__name__)
_OUTPUTS = ("logits", "flow", "landmarks")
_SAME = 1e-6
"""Difference, relative to the outputs, below which float32 rounding may be all there is."""


def look_at_outputs(path: Path, model: Mol, trained: bool = True) -> None:
    """Raise InputError where outputs are not finite, and warn of those that never change.

    Both would pass for a fault of a runtime, or for a network that agrees with PyTorch perfectly.

    Args:
        path: where the weights were read from, for messages.
        model: the network in eval mode.
        trained: whether its weights are said to be trained; else nothing is warned of.
    """
    noise = torch.randn(2, 1, FRAMES, CROP, CROP, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        outputs = dict(zip(_OUTPUTS, model(noise), strict=True))
    broken = [name for name, value in outputs.items() if not torch.isfinite(value).all()]
    if broken:
        raise InputError(
            f"The weights of {path} must give finite outputs, and {_told(broken)} are not finite "
            "for ordinary frames: some weights are too large or some variances too small, so train "
            "the network again."
        )
    same = [
        name
        for name, (one, other) in outputs.items()
        if torch.allclose(one, other, rtol=_SAME, atol=0)
    ]
    if same and trained:
        _log.warning(
            "The %s of %s are the same for different frames, so its weights seem not to be "
            "trained: export it with --untrained, or name another checkpoint.",
            _told(same),
            path,
        )


def _told(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
