"""Filling a network with a checkpoint's weights, and what is said of those that do not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mol_edge.errors import InputError
from training.model import Mol

SHOWN = 3
"""Faults that a message names; one wrong width has dozens."""


def fill(path: Path, model: Mol, state: Mapping[str, Any], own: bool) -> Mol:
    """Put weights into a network, which is then in eval mode.

    Args:
        path: where they were read from, for messages.
        model: a network of the shape that they should have.
        state: the weights by name.
        own: whether the checkpoint said itself of what shape its network is.

    Raises:
        InputError: entries are missing, unexpected or of another shape, or hold what is no weight.
    """
    expected = model.state_dict()
    misfits = [f"missing {name}" for name in expected if name not in state]
    misfits += [f"unexpected {name}" for name in state if name not in expected]
    values = []
    for name, wanted in expected.items():
        came = state.get(name)
        if isinstance(came, Tensor) and _is_dense(came) and came.shape != wanted.shape:
            misfits.append(f"{name} of shape {list(came.shape)} instead of {list(wanted.shape)}")
        elif name in state:
            values += [f"{name} {fault}" for fault in _value_faults(name, came, wanted)]
    if misfits or values:
        raise InputError(_told(path, misfits, values, own))
    model.load_state_dict(dict(state), strict=True)
    return model.eval()


def _is_dense(tensor: Tensor) -> bool:
    plain = tensor.layout == torch.strided and not tensor.is_nested and not tensor.is_quantized
    return plain and tensor.device.type == "cpu"


def _value_faults(name: str, came: object, wanted: Tensor) -> Iterator[str]:
    """What keeps an entry of the right name and shape from being a weight; at most one."""
    if not isinstance(came, Tensor):
        yield f"of type {type(came).__name__} instead of a tensor"
    elif not _is_dense(came):
        yield "sparse, quantised or without values instead of dense"
    elif came.is_complex():
        yield "of complex numbers instead of real ones"
    elif not torch.isfinite(came.double()).all():
        yield "with values that are not finite"
    elif not torch.isfinite(came.to(wanted.dtype).double()).all():
        yield "with values too large for float32"
    elif name.endswith("running_var") and (came < 0).any():
        yield "with variances below 0"


def _told(path: Path, misfits: list[str], values: list[str], own: bool) -> str:
    faults = misfits + values
    shown = "; ".join(faults[:SHOWN])
    if len(faults) > SHOWN:
        shown += f"; and {len(faults) - SHOWN} more"
    count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
    if not misfits:
        remedy = "save dense tensors of finite real numbers, with variances of 0 or more"
    elif own:
        remedy = "save every entry of the network that its config describes"
    else:
        remedy = (
            "save every entry of the network, and one that is not of the published shape with its "
            "config, as docs/bundle.md says"
        )
    return f"The checkpoint {path} does not fit the network ({count}): {shown}: {remedy}."
