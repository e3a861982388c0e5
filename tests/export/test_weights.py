"""Weights that do not fit, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from export.checkpoint import load_checkpoint
from mol_edge.errors import InputError
from tests.export.saved import saved


def test_the_first_faults_are_named_and_all_are_counted(
    lite_checkpoint: Path, tmp_path: Path
) -> None:
    content = torch.load(lite_checkpoint, weights_only=True)
    state = content["state_dict"]
    del state["CCC_1.conv1.bias"], state["FCC_2.meta_1_H_bias"]
    state["extra.weight"] = torch.zeros(1)
    state["ldm_predictor.fc2.bias"] = torch.zeros(7)
    state["mer_3dcnn.fc1.bias"] = torch.full((256,), float("nan"))
    with pytest.raises(InputError) as caught:
        load_checkpoint(saved(tmp_path, content))
    message = str(caught.value)
    for part in (
        "(5 faults): missing ",
        "missing CCC_1.conv1.bias",
        "missing FCC_2.meta_1_H_bias",
        "unexpected extra.weight; and 2 more: save every entry of the network that its config",
    ):
        assert part in message
    del state["extra.weight"]
    state["CCC_1.conv1.bias"] = state["CCC_1.conv2.bias"]
    with pytest.raises(InputError) as caught:
        load_checkpoint(saved(tmp_path, content))
    assert str(caught.value).endswith(
        "does not fit the network (3 faults): missing FCC_2.meta_1_H_bias; "
        "ldm_predictor.fc2.bias of shape [7] instead of [136]; "
        "mer_3dcnn.fc1.bias with values that are not finite: save every entry of the network that "
        "its config describes."
    )


def test_faults_of_an_official_state_dict_are_named_too(
    official_checkpoint: Path, tmp_path: Path
) -> None:
    state = torch.load(official_checkpoint, weights_only=True)
    del state["mer_3dcnn.fc2.weight"], state["flownet.conv3.0.weight"]
    state["head.weight"] = torch.zeros(2)
    with pytest.raises(InputError) as caught:
        load_checkpoint(saved(tmp_path, state))
    message = str(caught.value)
    for part in ("3 faults", "mer_3dcnn.fc2.weight", "flownet.conv3.0.weight", "head.weight"):
        assert part in message


def test_a_network_of_another_width_is_told_of_the_form_that_says_it(
    lite_checkpoint: Path, tmp_path: Path
) -> None:
    state = torch.load(lite_checkpoint, weights_only=True)["state_dict"]
    with pytest.raises(InputError) as caught:
        load_checkpoint(saved(tmp_path, state))
    said = str(caught.value)
    assert "and 70 more: save every entry of the network, and one that is not of the" in said
    assert said.endswith("published shape with its config, as docs/bundle.md says.")
    assert len(said) < 600


def _complex(value: torch.Tensor) -> torch.Tensor:
    return value.to(torch.complex64)


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("mer_3dcnn.fc1.bias", _complex, "of complex numbers instead of real ones"),
        ("mer_3dcnn.fc1.weight", torch.Tensor.to_sparse, "sparse, quantised or without values"),
        ("mer_3dcnn.fc1.bias", lambda v: v.double() + 1e300, "with values too large for float32"),
        ("FCC_1.pre_Norm_1.running_var", lambda v: -v, "with variances below 0"),
        ("mer_3dcnn.fc1.bias", lambda v: v.tolist(), "of type list instead of a tensor"),
    ],
)
def test_what_is_no_weight_is_named(
    name: str,
    change: Callable[[torch.Tensor], object],
    told: str,
    lite_checkpoint: Path,
    tmp_path: Path,
) -> None:
    content = torch.load(lite_checkpoint, weights_only=True)
    content["state_dict"][name] = change(content["state_dict"][name])
    with pytest.raises(InputError) as caught:
        load_checkpoint(saved(tmp_path, content))
    said = str(caught.value)
    assert f"does not fit the network (1 fault): {name} {told}" in said
    assert said.endswith(
        ": save dense tensors of finite real numbers, with variances of 0 or more."
    )
