"""The check set that an export leaves where precisions were judged."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from export.checkpoint import load_checkpoint
from export.precision.check_clips import with_check_set
from mol_edge.bundle import Bundle, write_manifest
from mol_edge.check_set import CheckSet
from training.datasets import open_prepared


def test_of_a_prepared_set_it_holds_the_middle_of_the_faces(
    lite_bundle: Bundle, lite_checkpoint: Path, prepared_set: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(lite_bundle.folder, tmp_path / "lite")
    without = replace(lite_bundle.manifest, check_set=None)
    model = load_checkpoint(lite_checkpoint).model
    write_manifest(folder, with_check_set(folder, model, without, str(prepared_set)))
    check = CheckSet.of(Bundle.open(folder))
    prepared = open_prepared(prepared_set)
    assert check is not None and len(check) == min(8, len(prepared))
    for index, frames in enumerate(check.frames):
        whole = prepared.sample(index).frames
        np.testing.assert_array_equal(frames, whole[:, 8:136, 8:136])
