"""Whole exports: numbers of the graphs, sizes, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from export.convert import convert, convert_all
from export.graphs import GRAPHS
from export.options import ExportOptions
from export.verify import stream, verify
from mol_edge.backends import BackendOptions, open_backend
from mol_edge.bundle import MANIFEST, Bundle
from mol_edge.errors import InputError, OptionError
from tests.golden_files import golden_model, recording
from training.model import Mol, MolConfig

DEVICES = ("onnxruntime:cpu", "openvino:CPU", "native:cpu")


@pytest.mark.parametrize("device", DEVICES)
def test_clip_graph_equals_the_official_code(full_bundle: Bundle, device: str) -> None:
    recorded, clip = recording("cls5_k4_noise")
    with open_backend(full_bundle, device, BackendOptions(threads=2)) as backend:
        came = backend.run("clip", {"clip": clip})
    for name in ("logits", "flow", "landmarks"):
        np.testing.assert_allclose(came[name], recorded[name], atol=2e-4, rtol=0)


@pytest.mark.parametrize("name", ["cls3_k4_pattern_b2", "cls5_k2_pattern"])
def test_other_shapes_of_the_network_give_equal_numbers(name: str) -> None:
    recorded, clip = recording(name)
    graph = GRAPHS["clip"](golden_model(recorded), False).SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    for key, came in zip(("logits", "flow", "landmarks"), session.run(None, {"clip": clip})):
        np.testing.assert_allclose(came, recorded[key], atol=2e-4, rtol=0)


@pytest.mark.parametrize("device", DEVICES)
def test_small_graphs_as_a_stream_equal_the_clip(full_bundle: Bundle, device: str) -> None:
    _, clip = recording("cls5_k2_pattern")
    with open_backend(full_bundle, device, BackendOptions(threads=2)) as backend:
        whole, parts = backend.run("clip", {"clip": clip}), stream(backend, clip[0, 0])
    for name in ("logits", "flow", "landmarks"):
        np.testing.assert_allclose(parts[name], whole[name], atol=1e-4, rtol=0)


def test_full_bundle_is_small_enough(full_bundle: Bundle) -> None:
    assert sum(info.bytes for info in full_bundle.manifest.files.values()) < 250e6
    model = onnx.load(full_bundle.folder / "fp32/clip.onnx", load_external_data=False)
    assert [value.name for value in model.graph.input] == ["clip"]
    assert [value.name for value in model.graph.output] == ["logits", "flow", "landmarks"]
    assert len(model.graph.node) <= 400


def test_clip_opens_by_path_for_people_with_their_own_runtime(full_bundle: Bundle) -> None:
    recorded, clip = recording("cls5_k4_noise")
    session = onnxruntime.InferenceSession(
        full_bundle.folder / "fp32/clip.onnx", providers=["CPUExecutionProvider"]
    )
    (logits,) = session.run(["logits"], {"clip": clip})
    np.testing.assert_allclose(logits, recorded["logits"], atol=2e-4, rtol=0)


def test_batches_are_computed_clip_by_clip(lite_bundle: Bundle) -> None:
    clips = np.random.default_rng(0).standard_normal((3, 1, 8, 128, 128)).astype(np.float32)
    for device in DEVICES:
        with open_backend(lite_bundle, device) as backend:
            together = backend.run("clip", {"clip": clips})
            for index in range(3):
                alone = backend.run("clip", {"clip": clips[index : index + 1]})
                for name, value in alone.items():
                    np.testing.assert_allclose(value[0], together[name][index], atol=1e-4)


def test_manifest_keeps_what_the_checkpoint_says(lite_bundle: Bundle) -> None:
    manifest = lite_bundle.manifest
    assert manifest.labels == ("happiness", "disgust", "repression", "surprise", "others")
    assert (manifest.normalisation.mean, manifest.normalisation.scale) == (118.0, 137.0)
    assert (manifest.window_ms, manifest.alignment.mode) == (300.0, "anchored")
    assert manifest.verification["passed"] is True
    assert len(manifest.verification["differences"]) == 18
    # JSON knows no NaN.
    assert manifest.provenance["best"] == {"nme": 3.5, "epe_moving": None}
    assert manifest.provenance["steps"] == 7


def test_channels_graph_exports_to_equal_numbers(tmp_path: Path) -> None:
    torch.manual_seed(8)
    model = Mol(MolConfig.lite(classes=3, graph="channels", neighbours=3))
    content = {"state_dict": model.state_dict(), "config": model.config.to_dict()}
    torch.save(content, tmp_path / "channels.pt")
    options = ExportOptions(("a", "b", "c"), 0.0, 1.0)
    assert convert(tmp_path / "channels.pt", tmp_path / "bundle", options).passed


def test_verification_sees_one_changed_weight(lite_bundle: Bundle, lite_checkpoint: Path) -> None:
    model = Mol(MolConfig.lite()).eval()
    model.load_state_dict(torch.load(lite_checkpoint, weights_only=True)["state_dict"])
    with torch.no_grad():
        model.ldm_predictor.fc2.bias[7] += 0.01
    report = verify(lite_bundle, model, ("onnxruntime:cpu",))
    assert not report.passed
    beyond = {d.output for d in report.differences if d.largest > 1e-3}
    assert beyond == {"landmarks"}


def test_half_storage_halves_the_size_and_keeps_the_numbers(
    lite_checkpoint: Path, lite_bundle: Bundle, tmp_path: Path
) -> None:
    options = ExportOptions(half_storage=True, fused=False)
    assert convert(lite_checkpoint, tmp_path / "half", options).passed
    half = Bundle.open(tmp_path / "half")
    assert not half.has("clip")
    weights = "fp32/weights.bin"
    assert half.manifest.files[weights].bytes < 0.7 * lite_bundle.manifest.files[weights].bytes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (ExportOptions(mean=1.0, scale=1.0), "--classes is needed"),
        (ExportOptions(("a", "b", "c", "d", "e"), scale=1.0), "--mean is needed"),
        (ExportOptions(("a", "b"), 1.0, 1.0), "must name the 5 classes"),
    ],
)
def test_missing_facts_are_asked_for(
    official_checkpoint: Path, tmp_path: Path, options: ExportOptions, message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        convert(official_checkpoint, tmp_path / "bundle", options)
    assert not (tmp_path / "bundle").exists()


def test_a_folder_with_other_things_is_not_overwritten(
    lite_checkpoint: Path, tmp_path: Path
) -> None:
    (tmp_path / "letters.txt").write_text("keep me")
    with pytest.raises(InputError, match="holds something else"):
        convert(lite_checkpoint, tmp_path, ExportOptions())
    assert (tmp_path / "letters.txt").read_text() == "keep me"


def test_a_bundle_is_not_replaced_by_one_that_fails(
    lite_checkpoint: Path, lite_bundle: Bundle, tmp_path: Path
) -> None:
    target = tmp_path / "bundle"
    shutil.copytree(lite_bundle.folder, target)
    before = (target / MANIFEST).read_bytes()
    options = ExportOptions(name="failing", fused=False, tolerance=1e-12)
    for _ in range(2):
        made = convert_all(lite_checkpoint, target, options)
        assert not made.passed
        assert made.folder == tmp_path / "bundle-failed"
    assert (target / MANIFEST).read_bytes() == before
    assert Bundle.open(target).manifest.verification["passed"] is True
    assert Bundle.open(made.folder, failed=True).manifest.verification["passed"] is False
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "bundle-failed"]


def test_one_that_fails_goes_where_nobody_takes_it_for_one_that_does_not(
    lite_checkpoint: Path, tmp_path: Path
) -> None:
    (tmp_path / "new-failed").mkdir()
    (tmp_path / "new-failed" / "letters.txt").write_text("keep me")
    options = ExportOptions(fused=False, tolerance=1e-12)
    made = convert_all(lite_checkpoint, tmp_path / "new", options)
    assert not made.passed
    assert made.folder == tmp_path / "new-failed-2"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new-failed", "new-failed-2"]
    assert [path.name for path in (tmp_path / "new-failed").iterdir()] == ["letters.txt"]


def test_a_bundle_is_replaced_whole(
    lite_checkpoint: Path, lite_bundle: Bundle, tmp_path: Path
) -> None:
    target = tmp_path / "bundle"
    shutil.copytree(lite_bundle.folder, target)
    (target / "fp32" / "stray.bin").write_bytes(b"old")
    convert(lite_checkpoint, target, ExportOptions(name="second", fused=False))
    assert Bundle.open(target).manifest.name == "second"
    assert not (target / "fp32" / "stray.bin").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle"]
    assert (target / MANIFEST).is_file()
