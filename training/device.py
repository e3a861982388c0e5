"""Where a run computes, and with what numbers."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from mol_edge.errors import DeviceError
from training.fast_edge import has_fast_bfloat16
from training.options import Precision, RunOptions


@dataclass(frozen=True)
class Compute:
    """Where a run computes, and with what numbers.

    Attributes:
        device: of the network.
        precision: what `training.forward.forward` takes; never ``auto``.
    """

    device: torch.device
    precision: Precision


def open_device(options: RunOptions) -> Compute:
    """Choose what the options leave open, and set PyTorch up for it.

    Raises:
        DeviceError: this machine has no such device, or it has not this precision.
    """
    device = choose_device(options.device)
    if device.type == "cpu":
        torch.set_num_threads(options.threads or os.cpu_count() or 1)
    else:
        # TF32 would flip neighbours in the k-NN of the features.
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    return Compute(device, choose_precision(options.precision, device))


def choose_device(name: str) -> torch.device:
    """The device of a run; ``auto`` takes a GPU where there is one.

    Raises:
        DeviceError: this machine has no such device.
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda" if gpus else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    on_gpu = device is not None and device.type == "cuda" and (device.index or 0) < gpus
    if device is None or not (on_gpu or device.type == "cpu"):
        raise DeviceError(
            f"run.device must be a device of this machine, got {name} where {gpus} GPUs are "
            "usable: set it to cpu or auto."
        )
    return device


def choose_precision(wanted: Precision, device: torch.device) -> Precision:
    """The precision of a run; ``auto`` is bf16 where the device multiplies it natively.

    Raises:
        DeviceError: the device does not multiply numbers of that precision natively.
    """
    on_cpu = device.type == "cpu"
    native = has_fast_bfloat16() if on_cpu else _gpu_has_bfloat16(device)
    if wanted == "auto":
        return "bf16" if native else "fp32"
    if (wanted == "bf16" and not native) or (wanted == "fp16" and on_cpu):
        raise DeviceError(
            f"run.precision must be one that the device multiplies natively, got {wanted} on "
            f"{device}: set it to auto or fp32."
        )
    return wanted


def _gpu_has_bfloat16(device: torch.device) -> bool:
    # `torch.cuda.is_bf16_supported` looks at the current GPU, and counts emulation as support.
    return torch.cuda.get_device_capability(device) >= (8, 0)
