"""Precisions from the command line: exported, run, and judged again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export.cli import main
from mol_edge.backends import BackendOptions, open_backend
from mol_edge.backends.targets import computes
from mol_edge.bundle import Bundle, write_manifest
from mol_edge.engine import Engine, EngineOptions
from mol_edge.network import run_clip

ARGUMENTS = (
    "--no-clip", "--half-storage", "--untrained", "--precision", "fp32,fp16,int8",
    "--calibration-clips", "1", "--evaluation-clips", "2", "--selection-clips", "0",
)  # fmt: skip


@pytest.fixture(scope="module")
def exported(lite_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("precisions") / "bundle"
    assert main([str(lite_checkpoint), "-o", str(folder), *ARGUMENTS]) == 0
    return Bundle.open(folder)


def test_a_bundle_says_what_its_precisions_are(exported: Bundle) -> None:
    manifest = exported.manifest
    assert {name: set(forms) for name, forms in manifest.graphs.items()} == {
        "fp32": {"onnx"},
        "fp16": {"onnx"},
        "int8": {"onnx", "openvino", "tensorrt", "aarch64"},
    }
    assert set(manifest.accuracy) == set(manifest.reports) == {"fp32", "fp16", "int8"}
    assert manifest.check_set == "check/clips.npz"
    assert manifest.graphs["int8"]["onnx"]["flow"].inputs["enc2"].type == "uint8"
    assert manifest.graphs["int8"]["tensorrt"]["flow"].inputs["enc2"].type == "int8"
    weights = {info.weights for form in manifest.graphs["int8"].values() for info in form.values()}
    assert weights == {"int8/weights.bin"}
    assert manifest.files["int8/weights.bin"].bytes < manifest.files["fp32/weights.bin"].bytes
    report = json.loads(exported.read(manifest.reports["int8"]))
    assert report["enforced"] is False
    assert report["layers"]["onnx"] >= 20
    assert "native:cpu" in {verdict["device"] for verdict in report["runtimes"]}
    for verdict in report["runtimes"]:
        most = 16 if verdict["device"] == "native:cpu" else 20
        assert verdict["integer_layers"] == verdict["expected_layers"] >= most
        assert {drop["task"] for drop in verdict["drops"]} == {"classes", "flow", "landmarks"}


@pytest.mark.parametrize("device", ["onnxruntime", "openvino", "native"])
def test_every_precision_runs_and_is_near_float32(exported: Bundle, device: str) -> None:
    crops = np.random.default_rng(2).normal(size=(8, 1, 128, 128)).astype(np.float32)
    found = {}
    for precision in exported.manifest.graphs:
        if not computes(device, precision):
            continue
        with open_backend(exported, device, BackendOptions(1, precision)) as backend:
            found[precision] = run_clip(backend, crops)
    wanted = found.pop("fp32")
    for precision, most in (("fp16", 0.01), ("int8", 0.2)):
        for name in ("flow", "landmarks"):
            if precision not in found:
                continue
            before, after = getattr(wanted, name), getattr(found[precision], name)
            apart = np.abs(after - before).mean() / np.abs(before).mean()
            assert 0 < apart < most, (precision, name)


@pytest.mark.parametrize(("result", "least"), [("flow", 1e-3), ("landmarks", 1e-4)])
def test_the_core_gives_in_eight_bits_what_onnx_runtime_gives(
    exported: Bundle, result: str, least: float
) -> None:
    crops = np.random.default_rng(2).normal(size=(8, 1, 128, 128)).astype(np.float32)
    found = {}
    for device, precision in (("native", "int8"), ("onnxruntime", "int8"), ("native", "fp32")):
        with open_backend(exported, device, BackendOptions(2, precision)) as backend:
            if precision == "int8":
                assert backend.run("encoder", {"frames": crops})["enc2"].dtype == (
                    np.float32 if device == "native" else np.uint8
                )
            found[device, precision] = getattr(run_clip(backend, crops), result)
    float32 = found["native", "fp32"]
    scale = np.abs(float32).mean()
    apart = np.abs(found["native", "int8"] - float32).mean() / scale
    theirs = np.abs(found["onnxruntime", "int8"] - float32).mean() / scale
    # Both are rounded, each in its own way: neither by much more than the other.
    assert least < apart < 1.5 * theirs


@pytest.mark.parametrize("device", ["onnxruntime", "native"])
def test_a_stream_in_eight_bits_gives_what_the_clip_gives(exported: Bundle, device: str) -> None:
    crops = np.random.default_rng(2).normal(size=(8, 1, 128, 128)).astype(np.float32)
    with open_backend(exported, device, BackendOptions(1, "int8")) as backend:
        wanted = run_clip(backend, crops)
        engine = Engine(backend, EngineOptions(flow="always"), 50_000_000)
        pushed = [engine.push(crop, [0], at * 50_000_000, at)[0] for at, crop in enumerate(crops)]
    for at in range(7):
        flow = pushed[at + 1].flow
        assert flow is not None
        np.testing.assert_allclose(flow, wanted.flow[at], atol=1e-4)
    np.testing.assert_allclose(pushed[-1].windows[0].logits, wanted.logits, atol=1e-4)


def test_the_gate_takes_out_what_lost_too_much(
    exported: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["gate", str(exported.folder), "--evaluation-clips", "1"]
    assert main([*arguments, "--max-drop", "classes=100"]) == 0
    assert "not judged: untrained" in capsys.readouterr().out
    judged = Bundle.open(exported.folder).manifest
    write_manifest(exported.folder, replace(judged, trained=True))
    assert main([*arguments, "--max-drop", "classes=100,flow=0,landmarks=0"]) == 1
    said = capsys.readouterr().err
    left = Bundle.open(exported.folder)
    failed = set()
    for precision in ("fp16", "int8"):
        report = json.loads(left.read(left.manifest.reports[precision]))
        lost = [drop["lost"] for each in report["runtimes"] for drop in each["drops"]]
        if max(lost) > 0:
            failed.add(precision)
        assert report["passed"] is (max(lost) <= 0)
    assert failed
    assert set(left.manifest.graphs) == {"fp32", "fp16", "int8"} - failed
    for precision in failed:
        assert f"export: error: {precision} " in said
