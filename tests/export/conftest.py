"""Bundles that several export tests look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mol_edge.bundle import Bundle

NEEDED = ("torch", "onnx", "onnxruntime", "openvino")
LABELS = ("happiness", "disgust", "repression", "surprise", "others")


@pytest.fixture(scope="session", autouse=True)
def export_packages() -> None:
    """Skips all tests here where one is missing."""
    for package in NEEDED:
        pytest.importorskip(package, reason=f"the export needs {package}")


@pytest.fixture(scope="session")
def lite_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seeded lite network in our own checkpoint format."""
    import torch

    from training.model import Mol, MolConfig

    torch.manual_seed(5)
    model = Mol(MolConfig.lite(classes=5))
    path = tmp_path_factory.mktemp("checkpoint") / "lite.pt"
    torch.save(
        {
            "state_dict": model.state_dict(),
            "config": model.config.to_dict(),
            "labels": list(LABELS),
            "mean": 118.0,
            "scale": 137.0,
            "alignment": "anchored",
            "window_ms": 300.0,
            # As training.fit has it where nothing moved in what it was validated on.
            "provenance": {"steps": 7, "best": {"nme": 3.5, "epe_moving": float("nan")}},
        },
        path,
    )
    return path


@pytest.fixture(scope="session")
def lite_bundle(lite_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The lite network as a bundle with IR."""
    from export.convert import convert
    from export.options import ExportOptions
    from mol_edge.bundle import Bundle

    folder = tmp_path_factory.mktemp("bundle") / "lite"
    assert convert(lite_checkpoint, folder, ExportOptions(openvino=True)).passed
    return Bundle.open(folder)


@pytest.fixture(scope="session")
def official_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare state dict as the official code saves it, with the recorded weights."""
    import torch

    from tests.golden_files import golden_model, recording

    recorded, _ = recording("cls5_k4_noise")
    path = tmp_path_factory.mktemp("official") / "official.pth"
    torch.save(golden_model(recorded).state_dict(), path)
    return path


@pytest.fixture(scope="session")
def full_bundle(official_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The official network as a bundle with IR."""
    from export.convert import convert
    from export.options import ExportOptions
    from mol_edge.bundle import Bundle

    folder = tmp_path_factory.mktemp("bundle") / "full"
    options = ExportOptions(labels=LABELS, mean=120.0, scale=135.0, openvino=True)
    assert convert(official_checkpoint, folder, options).passed
    return Bundle.open(folder)


@pytest.fixture(scope="session")
def prepared_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Aligned faces of 144 pixels, as the commands of docs/training.md make them."""
    for package in ("cv2", "skimage", "tqdm"):
        pytest.importorskip(package, reason=f"preparing needs {package}")
    from training.data.__main__ import main

    root = tmp_path_factory.mktemp("casme2")
    raw, cache = str(root / "raw"), str(root / "cache")
    words = ["--set", "casme2", "--layout", "original"]
    assert main(["lookalike", *words, "--subjects", "2", "--clips", "1", "--out", raw]) == 0
    words += ["--root", raw, "--landmarks", f"csv:{raw}/landmarks.csv", "--classes", "5"]
    assert main(["prepare", *words, "--jobs", "1", "--out", cache]) == 0
    return Path(cache)
