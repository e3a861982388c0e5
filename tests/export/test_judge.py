"""Judging a bundle: its manifest gets figures and a check set that the bundle then passes."""

from __future__ import annotations

import hashlib
import importlib
import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from export.cli import main
from export.convert import convert
from export.judge import JudgeOptions, judge_bundle, summary
from export.options import ExportOptions
from mol_edge.backends import open_backend
from mol_edge.bundle import Bundle, write_manifest
from mol_edge.check_set import CheckSet, measure_accuracy
from mol_edge.errors import InputError, OptionError
from training.datasets import open_prepared
from training.evaluation import coarser
from training.evaluation.still import still_jitter
from training.synthetic.labels import bayes_accuracy, bayes_uf1

judge_module = importlib.import_module("training.evaluation.judge")


@pytest.fixture(scope="module")
def judged(
    lite_bundle: Bundle, lite_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> Bundle:
    home = tmp_path_factory.mktemp("judged")
    folder = home / "lite"
    shutil.copytree(lite_bundle.folder, folder)
    words = ["judge", folder, lite_checkpoint, "--clips", 4, "--baseline-pairs", 2]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)  # where the rendered clips are kept
        # Fewer draws for what nothing here looks at.
        patch.setattr(judge_module, "still_jitter", partial(still_jitter, clips=2))
        patch.setattr(coarser, "bayes_accuracy", partial(bayes_accuracy, samples=500))
        patch.setattr(coarser, "bayes_uf1", partial(bayes_uf1, samples=500))
        assert main([str(word) for word in [*words, "--check-clips", 3]]) == 0
    return Bundle.open(folder)


def test_the_manifest_has_the_figures(judged: Bundle) -> None:
    figures = judged.manifest.accuracy["fp32"]
    assert figures["clips"] == 4 and figures["data"] == "synthetic"
    assert figures["landmarks"]["frames"] == 28
    # Seeded weights know nothing, so the error is larger than any trained network's.
    assert judged.manifest.landmark_nme() == figures["landmarks"]["nme"] > 0.05
    assert figures["flow"]["dis"]["moving_pixels"] > 0
    assert "zero (same pairs)" in summary(figures)
    assert json.loads(json.dumps(figures)) == figures


def test_the_check_set_is_met_by_every_runtime(judged: Bundle) -> None:
    assert judged.manifest.check_set == "check/clips.npz"
    check = CheckSet.of(judged)
    assert check is not None and len(check) == 3
    assert np.ptp(check.given_logits) > 0 and check.moving.any()
    for device in ("onnxruntime", "openvino"):
        backend = open_backend(judged, device)
        figures = measure_accuracy(judged, backend)
        backend.close()
        assert figures is not None and figures.agreement == 1.0
        assert figures.logit_error < 1e-3 and figures.flow_error_px < 1e-3
        assert figures.landmark_error_px < 1e-2


def test_a_check_set_has_as_many_clips_of_other_data(
    lite_bundle: Bundle, lite_checkpoint: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "lite"
    shutil.copytree(lite_bundle.folder, folder)
    options = JudgeOptions("texture", clips=2, baseline_pairs=0, check_clips=2)
    judge_bundle(folder, lite_checkpoint, options)
    check = CheckSet.of(Bundle.open(folder))
    assert check is not None and len(check) == 2


def test_a_prepared_set_judges_and_gives_the_middle_of_its_faces(
    lite_bundle: Bundle, lite_checkpoint: Path, prepared_set: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(lite_bundle.folder, tmp_path / "lite")
    words = ["judge", folder, lite_checkpoint, "--data", prepared_set, "--check-clips", 2]
    assert main([str(word) for word in [*words, "--baseline-pairs", 1]]) == 0
    bundle = Bundle.open(folder)
    figures = bundle.manifest.accuracy["fp32"]
    assert figures["flow"]["dis"]["face_pixels"] > 0
    check = CheckSet.of(bundle)
    assert check is not None
    whole = open_prepared(prepared_set).sample(0)
    assert whole.frames.shape == (8, 144, 144) and whole.landmarks is not None
    np.testing.assert_array_equal(check.frames[0], whole.frames[:, 8:136, 8:136])
    np.testing.assert_array_equal(check.landmarks[0], whole.landmarks[1:] - 8)
    np.testing.assert_array_equal(check.flow[0], whole.flow[:, :, 12:136:8, 12:136:8])
    with open_backend(bundle, "onnxruntime") as backend:
        found = measure_accuracy(bundle, backend)
    assert found is not None and found.agreement == 1.0 and found.flow_error_px < 1e-3


def test_other_weights_of_the_same_classes_are_refused(
    lite_bundle: Bundle, lite_checkpoint: Path, tmp_path: Path
) -> None:
    content = torch.load(lite_checkpoint, weights_only=True)
    content["state_dict"]["mer_3dcnn.fc2.bias"] += 1
    torch.save(content, tmp_path / "other.pt")
    digest = hashlib.sha256(lite_checkpoint.read_bytes()).hexdigest()
    said = f"lite was exported from, which has SHA-256 {digest[:12]}….* other.pt has "
    with pytest.raises(InputError, match=said.replace(" other", " .*other")):
        judge_bundle(lite_bundle.folder, tmp_path / "other.pt", JudgeOptions(clips=1))


def test_a_bundle_that_names_no_checkpoint_keeps_its_check_set(
    lite_bundle: Bundle, lite_checkpoint: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(lite_bundle.folder, tmp_path / "lite")
    write_manifest(folder, replace(lite_bundle.manifest, provenance={}))
    with pytest.raises(InputError, match="which is not named in its manifest.*--check-clips 0"):
        judge_bundle(folder, lite_checkpoint, JudgeOptions(clips=1))


def test_names_and_constants_are_those_given_at_the_export(
    lite_checkpoint: Path, tmp_path: Path
) -> None:
    content = torch.load(lite_checkpoint, weights_only=True)
    torch.save(content | {"labels": list("abcde"), "mean": 0.0, "scale": 1.0}, tmp_path / "o.pt")
    given = ExportOptions(labels=tuple(content["labels"]), mean=118.0, scale=137.0, fused=False)
    assert convert(tmp_path / "o.pt", tmp_path / "named", given).passed
    options = JudgeOptions("texture", clips=1, baseline_pairs=0, check_clips=1)
    judge_bundle(tmp_path / "named", tmp_path / "o.pt", options)
    bundle = Bundle.open(tmp_path / "named")
    with open_backend(bundle, "onnxruntime") as backend:
        found = measure_accuracy(bundle, backend)
    assert found is not None and found.agreement == 1.0
    assert found.landmark_error_px < 1e-2


def test_the_help_states_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["judge", "--help"])
    said = capsys.readouterr().out
    for default in ("(synthetic)", "(1000)", "(60)", "(8)", "(onnxruntime)", "(fp32)"):
        assert default in said


def test_options_are_checked() -> None:
    with pytest.raises(OptionError, match="clips must be 1 or more"):
        JudgeOptions(clips=0)
