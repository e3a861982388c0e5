"""Clips to compare runtimes on: no two neighbours of a node in them are as good as equally near."""

import pytest

torch = pytest.importorskip("torch")

from export.probe import AMPLE_GAP, _gap, probe_clips, smallest_gap  # noqa: E402
from training.model import Mol, MolConfig  # noqa: E402


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_neighbours_that_may_change_places_are_a_tie(rank):
    ccc = Mol(MolConfig.lite(classes=3)).CCC_1
    assert (ccc.graph, ccc.neighbours) == ("positions", 4)
    torch.manual_seed(rank)
    nodes = torch.randn(1, 128, 256, dtype=torch.float64)
    assert _gap(ccc, nodes.reshape(1, 128, 16, 16)) > 1e-9
    unit = torch.nn.functional.normalize(nodes[0], dim=0)
    near, other = (unit[:, 0] @ unit).topk(5).indices[rank : rank + 2]
    # Mirrored at the first node, the one is as near to it as the other; all else stays unequal.
    nodes[0, :, other] = 2 * (unit[:, 0] @ nodes[0, :, near]) * unit[:, 0] - nodes[0, :, near]
    assert _gap(ccc, nodes.reshape(1, 128, 16, 16)) < 1e-12


@pytest.mark.parametrize("seed", [0, 4])
def test_clips_are_far_from_ties(seed):
    torch.manual_seed(seed)
    model = Mol(MolConfig.lite(classes=3)).eval()
    clips, gap = probe_clips(model)
    assert clips.shape == (2, 1, 8, 128, 128)
    assert gap > AMPLE_GAP / 2
    found = min(smallest_gap(model, torch.from_numpy(clip[None])) for clip in clips)
    assert found == pytest.approx(gap, rel=0.1)
