"""Which parts of a network train."""

from __future__ import annotations

from collections.abc import Collection

from training.model import Mol

_UNUSED = "ffn."  # of FCC; belongs to the checkpoint format alone


def freeze(model: Mol, parts: Collection[str]) -> None:
    """Let parts rest, weights and batch norms' statistics alike, and all others train.

    Args:
        model: a network.
        parts: names such as ``flownet``, of `training.model.config.PARTS`.

    Example:
        >>> model = Mol()
        >>> freeze(model, ["flownet"])
        >>> model.flownet.training, model.FCC_1.training
        (False, True)
    """
    for name, part in model.named_children():
        rests = name in parts
        part.train(not rests)
        for path, parameter in part.named_parameters():
            parameter.requires_grad_(not rests and not path.startswith(_UNUSED))
