"""Counted FLOPs against those worked out by hand."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch

from benchmarks.flops import count_flops
from export.graphs import GRAPHS
from training.model import Mol, MolConfig


@pytest.mark.parametrize(
    ("name", "giga"),
    [("features", 0.261), ("encoder", 0.354), ("flow", 3.33), ("head", 0.00144), ("clip", 27.8)],
)
def test_full_network_costs_what_the_arithmetic_says(
    tmp_path: Path, name: str, giga: float
) -> None:
    torch.manual_seed(0)
    onnx.save(GRAPHS[name](Mol(MolConfig()).eval(), False), tmp_path / "graph.onnx")
    assert count_flops(tmp_path / "graph.onnx") / 1e9 == pytest.approx(giga, rel=0.01)


def test_weights_that_are_stored_in_half_count_as_much(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Mol(MolConfig.lite()).eval()
    for name in ("features", "head"):
        for half in (False, True):
            onnx.save(GRAPHS[name](model, half), tmp_path / f"{half}.onnx")
        whole, halved = (count_flops(tmp_path / f"{half}.onnx") for half in (False, True))
        assert halved == pytest.approx(whole, rel=1e-3)
