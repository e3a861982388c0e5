"""Reading checkpoints, and what is said of those that do not fit."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from export.checkpoint import load_checkpoint
from mol_edge.errors import InputError, OptionError


def _saved(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "checkpoint.pt"
    torch.save(content, path)
    return path


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


def test_every_fault_is_named(lite_checkpoint: Path, tmp_path: Path) -> None:
    content = torch.load(lite_checkpoint, weights_only=True)
    state = content["state_dict"]
    del state["CCC_1.conv1.bias"], state["FCC_2.meta_1_H_bias"]
    state["extra.weight"] = torch.zeros(1)
    state["ldm_predictor.fc2.bias"] = torch.zeros(7)
    state["mer_3dcnn.fc1.bias"] = torch.full((256,), float("nan"))
    with pytest.raises(InputError) as caught:
        load_checkpoint(_saved(tmp_path, content))
    message = str(caught.value)
    for part in (
        "5 faults",
        "missing CCC_1.conv1.bias",
        "missing FCC_2.meta_1_H_bias",
        "unexpected extra.weight",
        "ldm_predictor.fc2.bias of shape [7] instead of [136]",
        "mer_3dcnn.fc1.bias with values that are not finite",
    ):
        assert part in message


def test_faults_of_an_official_state_dict_are_named_too(
    official_checkpoint: Path, tmp_path: Path
) -> None:
    state = torch.load(official_checkpoint, weights_only=True)
    del state["mer_3dcnn.fc2.weight"], state["flownet.conv3.0.weight"]
    state["head.weight"] = torch.zeros(2)
    with pytest.raises(InputError) as caught:
        load_checkpoint(_saved(tmp_path, state))
    message = str(caught.value)
    for part in ("3 faults", "mer_3dcnn.fc2.weight", "flownet.conv3.0.weight", "head.weight"):
        assert part in message


def test_the_prefix_of_data_parallel_is_taken_off(
    official_checkpoint: Path, tmp_path: Path
) -> None:
    state = torch.load(official_checkpoint, weights_only=True)
    wrapped = _saved(tmp_path, {f"module.{name}": value for name, value in state.items()})
    loaded = load_checkpoint(wrapped).model.state_dict()
    assert torch.equal(loaded["CCC_1.conv1.weight"], state["CCC_1.conv1.weight"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"layer1.weight": torch.zeros(3)}, "checkpoint of another network"),
        (torch.zeros(3), "must hold a state dict, got Tensor"),
        ({"state_dict": {}, "config": {"depth": 3}}, "fields of a MolConfig"),
    ],
)
def test_other_contents_are_refused(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_checkpoint(_saved(tmp_path, content))


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"

    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (marker,)

    with pytest.raises(InputError, match="tensors alone"):
        load_checkpoint(_saved(tmp_path, {"state": Payload()}))
    plain = tmp_path / "plain.pth"
    plain.write_bytes(pickle.dumps(Payload()))
    with pytest.raises(InputError, match="tensors alone"):
        load_checkpoint(plain)
    assert not marker.exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04broken"])
def test_files_that_are_no_checkpoints_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "checkpoint.pth"
    path.write_bytes(content)
    with pytest.raises(InputError, match="must be a PyTorch checkpoint"):
        load_checkpoint(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none at .*absent\.pth"):
        load_checkpoint(tmp_path / "absent.pth")
