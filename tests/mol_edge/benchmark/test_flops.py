"""FLOPs by formula against those counted in exported graphs."""

import pytest

from mol_edge.benchmark.flops import graph_flops
from mol_edge.benchmark.modes import mode_flops
from mol_edge.manifest_parts import ModelInfo


def test_formula_is_what_the_graphs_hold(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    import onnx
    import torch

    from benchmarks.flops import count_flops
    from export.graphs import GRAPHS
    from training.model import Mol, MolConfig

    torch.manual_seed(0)
    config = MolConfig.lite(3, neighbours=2)
    wanted, model = graph_flops(ModelInfo(**config.to_dict())), Mol(config).eval()
    for name in ("features", "encoder", "flow", "head", "clip"):
        onnx.save(GRAPHS[name](model, False), tmp_path / "graph.onnx")
        assert count_flops(tmp_path / "graph.onnx") == pytest.approx(wanted[name], rel=1e-3), name


def test_full_network_has_the_stated_floors():
    model = ModelInfo(classes=5)
    assert mode_flops(model, "stream") == pytest.approx(0.263e9, rel=0.01)
    assert mode_flops(model, "stream_flow") == pytest.approx(3.95e9, rel=0.01)
    assert mode_flops(model, "clip_fused") == pytest.approx(27.8e9, rel=0.003)
    assert mode_flops(model, "clip") > mode_flops(model, "clip_fused")
    assert mode_flops(model, "pipeline") is None


def test_fewer_neighbours_and_channels_as_nodes_cost_less():
    positions = graph_flops(ModelInfo(classes=5))["features"]
    assert graph_flops(ModelInfo(classes=5, neighbours=2))["features"] < positions
    assert graph_flops(ModelInfo(classes=5, graph="channels"))["features"] < positions
