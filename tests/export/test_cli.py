"""`python -m export` as a user calls it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import torch

from export.cli import main
from mol_edge.bundle import Bundle
from mol_edge.errors import BundleError


def test_export_then_show(
    lite_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "bundle"
    arguments = [str(lite_checkpoint), "--no-clip", "--window-ms", "350", "-o", str(bundle)]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert said.count("onnxruntime:cpu") == 3
    assert said.count("openvino:CPU") == 3
    assert "INFERENCE_PRECISION_HINT f32" in said
    assert "\nfp32: all within 0.001 of PyTorch.\n" in said
    assert main(["show", str(bundle)]) == 0
    shown = capsys.readouterr().out
    assert "happiness, disgust, repression, surprise, others" in shown
    assert "350 ms, alignment anchored" in shown


def test_rounded_weights_have_a_tolerance_of_their_own(
    lite_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(lite_checkpoint), "--no-clip", "--half-storage", "-o", str(tmp_path / "b")]
    assert main(arguments) == 0
    assert (
        "fp32: all within 0.05 of PyTorch, which --half-storage allows since it rounds weights "
        "(0.001 without)."
    ) in capsys.readouterr().out


def test_a_runtime_that_does_not_compute_the_network_is_named(
    lite_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = torch.load(lite_checkpoint, weights_only=True)
    content["config"]["neighbours"] = 9
    torch.save(content, tmp_path / "nine.pt")
    bundle = tmp_path / "bundle"
    assert main([str(tmp_path / "nine.pt"), "--no-clip", "-o", str(bundle)]) == 0
    why = "native:cpu was left out: it computes at most 8 neighbours, and there are 9"
    assert f"\n{why}.\n" in capsys.readouterr().out
    assert main(["show", str(bundle)]) == 0
    assert f"\n  {why}\n" in capsys.readouterr().out


def test_beyond_tolerance_exits_nonzero(
    lite_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(lite_checkpoint), "--no-clip", "--tolerance", "1e-12", "-o"]
    bundle, failed = tmp_path / "bundle", tmp_path / "bundle-failed"
    assert main([*arguments, str(bundle)]) == 1
    said = capsys.readouterr()
    assert "beyond 1e-12" in said.out
    assert re.fullmatch(
        r"export: error: fp32 must agree with PyTorch to 1e-12, and (logits|flow|landmarks) of "
        r"(onnxruntime|openvino|native):... \(stream\) differ by \d\.\d{2}e-\d+: the bundle is "
        rf"not in {bundle} but in {failed}, for inspection with `python -m export show` alone; if "
        r"that is little for this model, export it with --tolerance \d[.\d]*e-0\d\.\n",
        said.err,
    )
    assert not bundle.exists()
    with pytest.raises(BundleError, match=f"the one in {failed} does not"):
        Bundle.open(failed)
    assert main(["show", str(failed)]) == 0
    assert "verified against PyTorch: FAILED, tolerance 1e-12" in capsys.readouterr().out


def test_bad_input_is_one_sentence_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.pth"
    torch.save({"layer.weight": torch.zeros(2)}, other)
    for arguments in (
        [str(other), "--classes", "a,b", "--mean", "1", "--scale", "1", "-o", str(tmp_path / "b")],
        [str(other), "--scale", "-1", "-o", str(tmp_path / "b")],
        ["show", str(tmp_path / "absent")],
    ):
        assert main(arguments) == 2
        said = capsys.readouterr().err.strip()
        assert said.startswith("export: error: ")
        assert "\n" not in said


def test_a_folder_that_cannot_be_made_is_named(
    lite_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    assert main([str(lite_checkpoint), "-o", str(tmp_path / "file" / "bundle")]) == 2
    said = capsys.readouterr().err.strip()
    assert said.endswith("file cannot be written (File exists): name another folder to write to.")
    assert "\n" not in said


def test_a_missing_package_names_its_extra(
    lite_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in [name for name in sys.modules if name.startswith("export.")]:
        if name not in ("export.cli", "export.show", "export.arguments"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert main([str(lite_checkpoint), "-o", str(tmp_path / "bundle")]) == 2
    assert 'pip install "mol-edge[export]"' in capsys.readouterr().err
