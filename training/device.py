"""Where a run computes, and with what numbers."""

from __future__ import annotations

import torch

from mol_edge.errors import DeviceError
from training.fast_edge import has_fast_bfloat16
from training.options import Precision


def choose_device(name: str) -> torch.device:
    """The device of a run; ``auto`` takes a GPU where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise DeviceError(
            f"run.device must be a device of this machine, got {name} and no GPU is usable: "
            "set it to cpu or auto."
        )
    return torch.device(name)


def choose_precision(wanted: Precision, device: torch.device) -> Precision:
    """The precision of a run; ``auto`` is bf16 where the device multiplies it natively."""
    on_cpu = device.type == "cpu"
    native = has_fast_bfloat16() if on_cpu else torch.cuda.is_bf16_supported()
    if wanted == "auto":
        return "bf16" if native else "fp32"
    if (wanted == "bf16" and not native) or (wanted == "fp16" and on_cpu):
        raise DeviceError(
            f"run.precision must be one that the device multiplies natively, got {wanted} on "
            f"{device}: set it to auto or fp32."
        )
    return wanted
