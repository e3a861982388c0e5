"""Counted FLOPs against those worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the graphs are built from a torch network")
onnx = pytest.importorskip("onnx", reason="counting needs onnx")

from benchmarks.flops import count_flops  # noqa: E402
from export.graphs import GRAPHS  # noqa: E402
from training.model import Mol, MolConfig  # noqa: E402


@pytest.mark.parametrize(
    ("name", "giga"),
    [("features", 0.24), ("encoder", 0.354), ("flow", 3.33), ("head", 0.00131), ("clip", 27.8)],
)
def test_full_network_costs_what_the_arithmetic_says(
    tmp_path: Path, name: str, giga: float
) -> None:
    torch.manual_seed(0)
    onnx.save(GRAPHS[name](Mol(MolConfig()).eval(), False), tmp_path / "graph.onnx")
    assert count_flops(tmp_path / "graph.onnx") / 1e9 == pytest.approx(giga, rel=0.01)
