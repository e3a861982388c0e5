"""Reading checkpoints, and what is said of those that do not fit."""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from export.checkpoint import load_checkpoint
from mol_edge.errors import InputError, OptionError
from tests.export.saved import saved
from training.model import Mol, MolConfig


def test_official_state_dict_tells_its_classes(official_checkpoint: Path) -> None:
    loaded = load_checkpoint(official_checkpoint, neighbours=2)
    assert loaded.model.config.classes == 5
    assert loaded.model.config.neighbours == 2
    assert not loaded.model.training
    assert dict(loaded.facts) == {}


def test_own_checkpoint_brings_its_configuration(lite_checkpoint: Path) -> None:
    loaded = load_checkpoint(lite_checkpoint)
    assert loaded.model.config.flow_width == 0.125
    assert loaded.facts["window_ms"] == 300.0
    with pytest.raises(OptionError, match="trained with 4 neighbours, got --neighbours 3"):
        load_checkpoint(lite_checkpoint, neighbours=3)


def test_no_neighbours_are_not_taken_for_an_option_that_was_left_out(
    official_checkpoint: Path,
) -> None:
    with pytest.raises(OptionError, match="whole number of 1 to 256, got 0"):
        load_checkpoint(official_checkpoint, neighbours=0)


@pytest.mark.parametrize(
    ("provenance", "told"),
    [
        ({"a": [{"b": torch.zeros(2)}]}, "alone, got a Tensor at provenance.a.0.b: leave it out"),
        ([1, 2], "must be a dictionary, got list"),
    ],
)
def test_a_provenance_that_no_manifest_can_hold(
    provenance: object, told: str, lite_checkpoint: Path, tmp_path: Path
) -> None:
    content = torch.load(lite_checkpoint, weights_only=True) | {"provenance": provenance}
    with pytest.raises(InputError, match=told):
        load_checkpoint(saved(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "must hold a state dict, got an empty one"),
        ({"layer1.weight": torch.zeros(3)}, "checkpoint of another network"),
        (torch.zeros(3), "must hold a state dict, got Tensor"),
        ({"state_dict": {}, "config": {"depth": 3}}, "fields of a MolConfig"),
    ],
)
def test_other_contents_are_refused(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_checkpoint(saved(tmp_path, content))


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"

    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (marker,)

    with pytest.raises(InputError, match="tensors alone"):
        load_checkpoint(saved(tmp_path, {"state": Payload()}))
    plain = tmp_path / "plain.pth"
    plain.write_bytes(pickle.dumps(Payload()))
    with pytest.raises(InputError, match="tensors alone"):
        load_checkpoint(plain)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"hello", "torch.save did not write it"),
        (b"PK\x03\x04broken", "it is cut off or damaged"),
        (pickle.dumps({"a": 1}, protocol=4), "it is a pickle that torch.save did not write"),
    ],
)
def test_files_that_are_no_checkpoints_are_refused(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "checkpoint.pth"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_checkpoint(path)
    assert str(caught.value) == (
        f"{path} must be a PyTorch checkpoint that holds tensors alone, and cannot be read as one "
        f"({reason}): save `model.state_dict()` alone with torch.save."
    )


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (Mol(MolConfig.lite()), "training.model.mol.Mol"),
        ({"args": argparse.Namespace(lr=1)}, "argparse.Namespace"),
        ({"best": np.float64(0.5)}, r"numpy\.\w+\.multiarray\.scalar"),
    ],
)
def test_objects_that_are_no_tensors_are_named(tmp_path: Path, content: object, named: str) -> None:
    with pytest.raises(InputError, match=f"it holds {named}, which is no tensor"):
        load_checkpoint(saved(tmp_path, content))


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none at .*absent\.pth"):
        load_checkpoint(tmp_path / "absent.pth")
