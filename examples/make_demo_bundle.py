"""Make the demo bundle that the package ships: a small network with seeded weights.

It shows the way of the data at its real size; its classes and landmarks mean nothing.

    python examples/make_demo_bundle.py mol_edge/data/demo
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import torch

from export.convert import ExportOptions, convert
from training.model import Mol, MolConfig

LABELS = ("happiness", "disgust", "repression", "surprise", "others")
SEED = 2025


def main(folder: Path) -> None:
    """Write the bundle into `folder`."""
    torch.manual_seed(SEED)
    model = Mol(MolConfig.lite(classes=len(LABELS)))
    content = {
        "state_dict": model.state_dict(),
        "config": model.config.to_dict(),
        "labels": list(LABELS),
        "mean": 120.0,
        "scale": 135.0,
        "alignment": "anchored",
        "window_ms": 350.0,
        "provenance": {"weights": f"seeded with {SEED}, not trained"},
    }
    options = ExportOptions(
        name="mol-lite-demo",
        fused=False,
        half_storage=True,
        trained=False,
        intended_use="Trying out the SDK; the weights are not trained.",
    )
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = Path(scratch) / "seeded.pt"
        torch.save(content, checkpoint)
        print(convert(checkpoint, folder, options).table())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
