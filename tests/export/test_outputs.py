"""What is said of networks whose outputs cannot be right."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch

from export.outputs import look_at_outputs
from mol_edge.errors import InputError
from training.model import Mol, MolConfig

PATH = Path("model.pt")


@pytest.fixture
def network() -> Mol:
    torch.manual_seed(3)
    return Mol(MolConfig.lite()).eval()


def _silence(part: torch.nn.Module) -> None:
    with torch.no_grad():
        for weight in part.parameters():
            weight.zero_()


def test_nothing_is_said_of_a_network_that_looks_at_its_frames(
    network: Mol, caplog: pytest.LogCaptureFixture
) -> None:
    look_at_outputs(PATH, network)
    assert caplog.messages == []


def test_outputs_that_never_change_are_warned_of(
    network: Mol, caplog: pytest.LogCaptureFixture
) -> None:
    _silence(network.ldm_predictor)
    look_at_outputs(PATH, network)
    assert caplog.messages == [
        "The landmarks of model.pt are the same for different frames, so its weights seem "
        "not to be trained: export it with --untrained, or name another checkpoint."
    ]
    _silence(network)
    look_at_outputs(PATH, network)
    assert "The logits, flow and landmarks of model.pt" in caplog.messages[1]
    assert caplog.records[1].levelno == logging.WARNING
    look_at_outputs(PATH, network, trained=False)
    assert len(caplog.messages) == 2


def test_outputs_that_are_not_finite_are_refused(network: Mol) -> None:
    with torch.no_grad():
        network.mer_3dcnn.fc1.weight.fill_(1e38)
    with pytest.raises(InputError, match=r"model\.pt must give finite outputs, and logits are not"):
        look_at_outputs(PATH, network)
