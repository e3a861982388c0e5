"""What changes while a network trains: how it begins, and how a stopped run finds it again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.amp import GradScaler
from torch.optim import AdamW

from mol_edge.errors import InputError
from training.checkpoints import read, same_run, save_atomically
from training.config import FitConfig
from training.device import Compute
from training.model import Mol
from training.samples import Dataset
from training.schedule import Average, make_optimiser
from training.start import measure_luma, start_weights


@dataclass
class TrainingState:
    """A network in training with all that a resumed run needs to go on as an unbroken one.

    Attributes:
        device: where the network is.
        model: the network.
        average: moving average of its weights, where the run keeps one.
        optimiser: with its own state of every weight.
        scaler: of gradients in fp16; idle in other precisions.
        mean, scale: the network takes (luma - mean) / scale.
        step: steps done.
        best: score of the best checkpoint so far.
    """

    device: torch.device
    model: Mol
    average: Average | None
    optimiser: AdamW
    scaler: GradScaler
    mean: float
    scale: float
    step: int = 0
    best: float = -float("inf")

    @classmethod
    def fresh(cls, config: FitConfig, data: Dataset, compute: Compute) -> TrainingState:
        """First weights; seeds PyTorch's chance.

        Args:
            config: the run.
            data: training samples, on which what the configuration leaves open is measured.
            compute: where the network goes.
        """
        torch.manual_seed(config.run.seed)
        mean, scale = config.mean, config.scale
        if mean is None or scale is None:
            measured = measure_luma(data)
            mean = measured[0] if mean is None else mean
            scale = measured[1] if scale is None else scale
        model = Mol(config.model)
        start_weights(model, config.run.init, data, mean, scale)
        model.to(compute.device).train()
        return cls(
            compute.device,
            model,
            Average(model, config.optimiser.ema) if config.optimiser.ema else None,
            make_optimiser(model, config.optimiser),
            GradScaler(compute.device.type, enabled=compute.precision == "fp16"),
            mean,
            scale,
        )

    @property
    def judged(self) -> Mol:
        """The network that is validated and kept: the average where there is one."""
        return self.average.model if self.average else self.model

    def start_from_average(self) -> None:
        """Go on from the average, with an optimiser that remembers nothing."""
        # What rests in a phase has no falling rate to settle it; the average is settled.
        if self.average:
            self.model.load_state_dict(self.average.model.state_dict())
            self.optimiser.state.clear()

    def save(self, config: FitConfig, path: Path) -> None:
        """Keep all of it.

        Raises:
            OutputError: the file cannot be written.
        """
        content = {
            "step": self.step,
            "best": self.best,
            "mean": self.mean,
            "scale": self.scale,
            "config": config.to_dict(),
            "model": self.model.state_dict(),
            "average": self.average.model.state_dict() if self.average else {},
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "random": torch.get_rng_state(),
            "random_device": self._device_random(),
        }
        save_atomically(content, path)

    def restore(self, config: FitConfig, path: Path) -> None:
        """Go back to what `save` kept.

        Raises:
            InputError: the file cannot be read, or belongs to another configuration.
        """
        kept = read(path)
        differing = same_run(kept["config"], config)
        if differing:
            raise InputError(
                f"{path} belongs to a run with another {', '.join(differing)}: name another --out "
                "or restore the configuration."
            )
        self.step, self.best = int(kept["step"]), float(kept["best"])
        self.mean, self.scale = float(kept["mean"]), float(kept["scale"])
        self.model.load_state_dict(kept["model"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.scaler.load_state_dict(kept["scaler"])
        if self.average:
            self.average.model.load_state_dict(kept["average"])
        torch.set_rng_state(kept["random"])
        if self.device.type == "cuda" and len(kept["random_device"]):
            torch.cuda.set_rng_state(kept["random_device"], self.device)

    def _device_random(self) -> Tensor:
        if self.device.type == "cuda":
            return torch.cuda.get_rng_state(self.device)
        return torch.empty(0, dtype=torch.uint8)
