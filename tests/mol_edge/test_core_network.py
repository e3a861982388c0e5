"""The core's graphs by themselves: what weights and arrays they refuse."""

import numpy as np
import pytest

from mol_edge import _core
from mol_edge.errors import ArrayError, OptionError


@pytest.fixture
def head():
    rng = np.random.default_rng(0)
    return {
        "column.places": np.eye(10, 48, dtype=np.float32),
        "head.fc1.weight": rng.standard_normal((16, 2560)).astype(np.float32),
        "head.fc1.bias": np.zeros(16, np.float32),
        "head.fc2.weight": rng.standard_normal((3, 16)).astype(np.float32),
        "head.fc2.bias": np.zeros(3, np.float32),
    }


def test_parts_are_added_up_or_left_out(head):
    head["column.places"][0, 0] = 0.5
    with pytest.raises(ArrayError, match="places must be 0 or 1, got 0.5"):
        _core.HeadGraph(head)


def test_a_graph_refuses_arrays_that_do_not_fit(head):
    graph, team = _core.HeadGraph(head), _core.Team(1, 0)
    parts, logits = np.zeros((2, 8, 6, 32, 8, 8), np.float32), np.zeros((2, 3), np.float32)
    graph.run(team, parts, logits)
    for wrong in (parts[:, :7], parts.astype(np.float64), parts[::2].T, None):
        with pytest.raises(ArrayError, match="parts must be"):
            graph.run(team, wrong, logits)
    with pytest.raises(ArrayError, match=r"logits must be .* got an array of float32"):
        graph.run(team, parts, logits[:1])
    logits.flags.writeable = False
    with pytest.raises(ArrayError, match="logits must be writeable"):
        graph.run(team, parts, logits)


def test_weights_that_do_not_fit_are_named(head):
    with pytest.raises(ArrayError, match=r"head.fc1.bias must be of shape \(16,\), got \(15,\)"):
        _core.HeadGraph({**head, "head.fc1.bias": np.zeros(15, np.float32)})
    with pytest.raises(ArrayError, match=r"head.fc1.weight must be of shape \(any, 2560\)"):
        _core.HeadGraph({**head, "head.fc1.weight": np.zeros((16, 2559), np.float32)})
    with pytest.raises(ArrayError, match=r"head.fc1.bias must be a NumPy array of float32, got"):
        _core.HeadGraph({**head, "head.fc1.bias": np.zeros(16)})
    del head["column.places"]
    with pytest.raises(ArrayError, match="column.places .* and the graph has none of that name"):
        _core.HeadGraph(head)
    for threads, awake in ((0, 0), (300, 0), (1, -1)):
        with pytest.raises(OptionError):
            _core.Team(threads, awake)
