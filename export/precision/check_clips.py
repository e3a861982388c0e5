"""The check set of a bundle whose precisions are judged: clips for a device to repeat it with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mol_edge.bundle import measure
from mol_edge.check_set import CheckSet
from mol_edge.manifest import Manifest
from mol_edge.network import ClipOutput
from training.model import Mol

CLIPS = 8


@dataclass(frozen=True)
class NetworkPredictor:
    """A network in memory as a `training.evaluation.predictor.Predictor`, in float32."""

    model: Mol
    manifest: Manifest

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.manifest.name

    @property
    def device(self) -> str:
        """Where it runs."""
        return "torch:cpu fp32"

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names."""
        return self.manifest.labels

    @torch.no_grad()
    def clip(self, frames: NDArray[np.uint8]) -> ClipOutput:
        """Logits, flow and landmarks of uint8 [8, 128, 128]."""
        luma = self.manifest.normalisation
        crops = (torch.from_numpy(np.array(frames)).float() - luma.mean) / luma.scale
        logits, flow, landmarks = (out[0].numpy() for out in self.model(crops[None, None]))
        points = landmarks.T.reshape(-1, 68, 2)
        return ClipOutput(logits, np.moveaxis(flow, -1, 0), points)

    def points(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Landmarks of eight crops; the first has none of its own and takes the second's."""
        found = self.clip(frames).landmarks
        return np.concatenate([found[:1], found])


def with_check_set(folder: Path, model: Mol, manifest: Manifest, data: str) -> Manifest:
    """Write a check set into a bundle that has none.

    Args:
        folder: of the bundle.
        model: says what PyTorch gives.
        manifest: of the bundle so far.
        data: as `export.precision.clips.open_judging` takes it.
    """
    if manifest.check_set is not None:
        return manifest
    from export.check_set import CHECK_SET, check_clips, make_check_set
    from training.synthetic.labels import CASME5, CLASS_SETS

    known = any(manifest.labels == names for names, _ in CLASS_SETS.values())
    clips = check_clips(data, CLIPS, manifest.labels if known else CASME5)
    check: CheckSet = make_check_set(NetworkPredictor(model, manifest), clips, CLIPS)
    if not known:
        check = replace(check, labels=np.full_like(check.labels, -1))
    path = folder / CHECK_SET
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(check.to_bytes())
    files = {**manifest.files, CHECK_SET: measure(path)}
    return replace(manifest, files=files, check_set=CHECK_SET)
