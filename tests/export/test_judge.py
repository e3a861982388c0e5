"""Judging a bundle: its manifest gets figures and a check set that the bundle then passes."""

from __future__ import annotations

import importlib
import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from export.cli import main
from export.judge import JudgeOptions, judge_bundle, summary
from mol_edge.backends import open_backend
from mol_edge.bundle import Bundle
from mol_edge.check_set import CheckSet, measure_accuracy
from mol_edge.errors import InputError, OptionError
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
    content = torch.load(lite_checkpoint, weights_only=True) | {"provenance": {"name": "seeded"}}
    torch.save(content, home / "model.pt")
    words = ["judge", folder, home / "model.pt", "--clips", 4, "--baseline-pairs", 2]
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


def test_a_checkpoint_of_other_classes_is_refused(
    lite_bundle: Bundle, lite_checkpoint: Path, tmp_path: Path
) -> None:
    content = torch.load(lite_checkpoint, weights_only=True)
    torch.save(content | {"labels": list("abcde")}, tmp_path / "other.pt")
    with pytest.raises(InputError, match="a, b, c, d, e instead of happiness, disgust"):
        judge_bundle(lite_bundle.folder, tmp_path / "other.pt", JudgeOptions(clips=1))


def test_options_are_checked() -> None:
    with pytest.raises(OptionError, match="clips must be 1 or more"):
        JudgeOptions(clips=0)
