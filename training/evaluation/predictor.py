"""One way to run a model for evaluation, be it a checkpoint or a bundle on any runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from mol_edge.backends import BackendOptions, open_backend
from mol_edge.bundle import Bundle
from mol_edge.engine import ClipOutput, run_clip
from mol_edge.errors import InputError
from training.checkpoints import Facts, load_model
from training.device import choose_device
from training.forward import forward
from training.model import Mol
from training.model.config import PAIRS

Frames = NDArray[np.uint8]


class Predictor(Protocol):
    """A model that takes gray crops as they are."""

    @property
    def name(self) -> str:
        """Name of the model."""
        ...

    @property
    def device(self) -> str:
        """Where it runs, such as ``onnxruntime:cpu fp32``."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names."""
        ...

    def clip(self, frames: Frames) -> ClipOutput:
        """Logits, flow and landmarks of uint8 [8, 128, 128]."""
        ...

    def points(self, frames: Frames) -> NDArray[np.float32]:
        """Landmarks [N, 68, 2] of single crops, uint8 [N, 128, 128]."""
        ...


class CheckpointPredictor:
    """A checkpoint of `training.fit`, run by PyTorch in float32."""

    def __init__(self, path: Path, device: str = "auto", threads: int = 0) -> None:
        self._model: Mol
        self._facts: Facts
        self._model, self._facts = load_model(path)
        self._device = choose_device(device)
        if self._device.type == "cpu" and threads:
            torch.set_num_threads(threads)
        torch.backends.cudnn.allow_tf32 = False
        self._model.to(self._device)
        self.name = str(self._facts.provenance.get("name", path.stem))

    @property
    def device(self) -> str:
        """The device of PyTorch."""
        return f"torch:{self._device} fp32"

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names."""
        return self._facts.labels

    @property
    def alignment(self) -> str:
        """How the faces of training were aligned."""
        return self._facts.alignment

    def _normalised(self, frames: Frames) -> torch.Tensor:
        pixels = torch.from_numpy(np.array(frames)).to(self._device).float()
        return (pixels - self._facts.mean) / self._facts.scale

    @torch.no_grad()
    def clip(self, frames: Frames) -> ClipOutput:
        """See `Predictor`."""
        pairs = torch.arange(PAIRS, device=self._device)[None]
        out = forward(self._model, self._normalised(frames)[None], pairs)
        assert out.logits is not None and out.flow is not None and out.landmarks is not None
        parts = (part[0].cpu().numpy() for part in (out.logits, out.flow, out.landmarks))
        return ClipOutput(*parts)

    @torch.no_grad()
    def points(self, frames: Frames) -> NDArray[np.float32]:
        """See `Predictor`."""
        found = forward(self._model, None, stills=self._normalised(frames)).stills
        assert found is not None
        points: NDArray[np.float32] = found.cpu().numpy()
        return points


class BundlePredictor:
    """A bundle's graphs, run as the SDK runs them."""

    def __init__(
        self, path: Path, device: str = "auto", precision: str = "fp32", threads: int = 0
    ) -> None:
        self._bundle = Bundle.open(path)
        options = BackendOptions(threads=threads, precision=precision)
        self._backend = open_backend(self._bundle, device, options)
        self.name = self._bundle.manifest.name
        self._precision = precision

    @property
    def device(self) -> str:
        """Runtime, device and precision."""
        return f"{self._backend.device} {self._precision}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names."""
        return self._bundle.manifest.labels

    @property
    def alignment(self) -> str:
        """How the faces of training were aligned."""
        return self._bundle.manifest.alignment.mode

    def _normalised(self, frames: Frames) -> NDArray[np.float32]:
        luma = self._bundle.manifest.normalisation
        return ((frames.astype(np.float32) - luma.mean) / luma.scale)[:, None].astype(np.float32)

    def clip(self, frames: Frames) -> ClipOutput:
        """See `Predictor`."""
        return run_clip(self._backend, self._normalised(frames))

    def points(self, frames: Frames) -> NDArray[np.float32]:
        """See `Predictor`."""
        found = self._backend.run("features", {"frames": self._normalised(frames)})["landmarks"]
        points: NDArray[np.float32] = found.reshape(-1, 68, 2)
        return points


def open_predictor(
    path: Path, device: str = "auto", precision: str = "fp32", threads: int = 0
) -> CheckpointPredictor | BundlePredictor:
    """A checkpoint (a file) or a bundle (a folder), ready to run.

    Args:
        path: `model.pt` of a run, or a bundle.
        device: for a checkpoint ``cpu``, ``cuda`` or ``auto``; for a bundle as `open_backend`.
        precision: which precision of a bundle.
        threads: 0 takes the default.

    Raises:
        InputError: the path is neither, or the checkpoint cannot be read.
        BundleError: the bundle is damaged.
        DeviceError: the device does not work.
    """
    if path.is_dir():
        return BundlePredictor(path, device, precision, threads)
    if path.is_file():
        return CheckpointPredictor(path, device, threads)
    raise InputError(
        f"A model is a checkpoint file or a bundle folder, and there is none at {path}: check the "
        "path."
    )
