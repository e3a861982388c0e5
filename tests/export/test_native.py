"""What the C++ core takes of graphs as they are exported, whatever the network's options."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from export.fold import array
from export.graphs import GRAPHS
from export.verify import devices_for
from mol_edge.backends.native_weights import native_weights
from mol_edge.errors import DeviceError
from training.model import Mol, MolConfig


def lite(**options: object) -> Mol:
    torch.manual_seed(8)
    return Mol(MolConfig.lite(classes=3, **options)).eval()


@pytest.mark.parametrize("half", [False, True], ids=["single", "half"])
@pytest.mark.parametrize("neighbours", [1, 2, 8])
def test_every_graph_is_taken_with_its_neighbours(neighbours: int, half: bool) -> None:
    model = lite(neighbours=neighbours)
    for graph in ("features", "encoder", "flow", "head"):
        read = native_weights(graph, GRAPHS[graph](model, half).SerializeToString())
        assert read.neighbours == (neighbours if graph == "features" else 0)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_predictions_are_those_of_the_network(level: int) -> None:
    model = lite()
    read = native_weights("flow", GRAPHS["flow"](model, False).SerializeToString())
    name = f"predict_flow{level}.weight"
    wanted = array(model.flownet.get_parameter(name))
    np.testing.assert_allclose(read.values[f"flow.{name}"], wanted, atol=1e-7)


def test_a_graph_of_channels_is_verified_and_run_elsewhere() -> None:
    model = lite(graph="channels")
    assert devices_for(model) == ("onnxruntime:cpu", "openvino:CPU")
    with pytest.raises(DeviceError, match="or a graph of channels"):
        native_weights("features", GRAPHS["features"](model, False).SerializeToString())


def test_many_neighbours_are_verified_and_run_elsewhere() -> None:
    assert devices_for(lite(neighbours=8))[-1] == "native:cpu"
    assert devices_for(lite(neighbours=9)) == ("onnxruntime:cpu", "openvino:CPU")
