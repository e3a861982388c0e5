"""Bundles that several export tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the export needs torch")
pytest.importorskip("onnx", reason="the export needs onnx")
pytest.importorskip("onnxruntime", reason="the export verifies with ONNX Runtime")
pytest.importorskip("openvino", reason="the export verifies with OpenVINO")

from export.convert import ExportOptions, convert  # noqa: E402
from mol_edge.bundle import Bundle  # noqa: E402
from tests.golden_files import golden_model, recording  # noqa: E402
from training.model import Mol, MolConfig  # noqa: E402

LABELS = ("happiness", "disgust", "repression", "surprise", "others")


@pytest.fixture(scope="session")
def lite_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seeded lite network in our own checkpoint format."""
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
        },
        path,
    )
    return path


@pytest.fixture(scope="session")
def lite_bundle(lite_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The lite network as a bundle with IR."""
    folder = tmp_path_factory.mktemp("bundle") / "lite"
    assert convert(lite_checkpoint, folder, ExportOptions(openvino=True)).passed
    return Bundle.open(folder)


@pytest.fixture(scope="session")
def official_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare state dict as the official code saves it, with the recorded weights."""
    recorded, _ = recording("cls5_k4_noise")
    path = tmp_path_factory.mktemp("official") / "official.pth"
    torch.save(golden_model(recorded).state_dict(), path)
    return path


@pytest.fixture(scope="session")
def full_bundle(official_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The official network as a bundle with IR."""
    folder = tmp_path_factory.mktemp("bundle") / "full"
    options = ExportOptions(labels=LABELS, mean=120.0, scale=135.0, openvino=True)
    assert convert(official_checkpoint, folder, options).passed
    return Bundle.open(folder)
