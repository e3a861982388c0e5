"""Weights as training code wraps them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from export.checkpoint import load_checkpoint
from mol_edge.errors import InputError
from tests.export.saved import saved


def test_the_prefix_of_data_parallel_is_taken_off(
    official_checkpoint: Path, tmp_path: Path
) -> None:
    state = torch.load(official_checkpoint, weights_only=True)
    wrapped = saved(tmp_path, {f"module.{name}": value for name, value in state.items()})
    loaded = load_checkpoint(wrapped).model.state_dict()
    assert torch.equal(loaded["CCC_1.conv1.weight"], state["CCC_1.conv1.weight"])


def _beside(state: dict[str, torch.Tensor]) -> dict[str, object]:
    optimiser = {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 0.1}]}
    return {"model": state, "optimizer": optimiser, "epoch": 3, "args": {"lr": 0.1}}


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda state: {"state_dict": state, "epoch": 3}, id="state_dict"),
        pytest.param(_beside, id="beside an optimiser"),
        pytest.param(lambda state: {"net": state}, id="net"),
        pytest.param(lambda state: {"state": {"ema": {"net": state}}}, id="deep"),
        pytest.param(
            lambda state: {
                "state_dict": {
                    "loss.weight": torch.ones(5),
                    **{f"model.{name}": value for name, value in state.items()},
                },
                "pytorch-lightning_version": "2.4",
            },
            id="lightning",
        ),
        pytest.param(
            lambda state: {"model": {f"module.model.{n}": v for n, v in state.items()}}, id="both"
        ),
    ],
)
def test_usual_wrappings_are_taken_off(
    wrap: Callable[[dict[str, torch.Tensor]], object], official_checkpoint: Path, tmp_path: Path
) -> None:
    state = torch.load(official_checkpoint, weights_only=True)
    loaded = load_checkpoint(saved(tmp_path, wrap(state)))
    assert dict(loaded.facts) == {}
    came = loaded.model.state_dict()
    assert all(torch.equal(came[name], value) for name, value in state.items())


def test_the_prefix_of_data_parallel_is_taken_off_our_own_form_too(
    lite_checkpoint: Path, tmp_path: Path
) -> None:
    content = torch.load(lite_checkpoint, weights_only=True)
    state = content["state_dict"]
    content["state_dict"] = {f"module.{name}": value for name, value in state.items()}
    loaded = load_checkpoint(saved(tmp_path, content))
    assert loaded.facts["window_ms"] == 300.0
    assert torch.equal(
        loaded.model.state_dict()["FCC_1.meta_1_H_bias"], state["FCC_1.meta_1_H_bias"]
    )


@pytest.mark.parametrize(
    ("front", "told"), [("", "under model and ema"), ("x.", "under model.x and ema.x")]
)
def test_two_networks_are_not_chosen_between(
    front: str, told: str, lite_checkpoint: Path, tmp_path: Path
) -> None:
    state = torch.load(lite_checkpoint, weights_only=True)["state_dict"]
    named = {f"{front}{name}": value for name, value in state.items()}
    with pytest.raises(InputError, match=f"{told}: save one of them alone"):
        load_checkpoint(saved(tmp_path, {"model": named, "ema": named}))
