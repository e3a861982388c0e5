"""The network against outputs recorded from the official code, and as something to train."""

import json

import numpy as np
import pytest
import torch

from mol_edge.errors import ArrayError, OptionError
from tests.golden_files import GOLDEN, RECORDINGS, golden_model, recording
from training.model import Mol, MolConfig
from training.model.flow import correlation


@pytest.mark.parametrize("name", RECORDINGS)
def test_outputs_equal_the_official_code(name: str) -> None:
    recorded, clip = recording(name)
    with torch.no_grad():
        outputs = golden_model(recorded)(torch.from_numpy(clip))
    for key, output in zip(("logits", "flow", "landmarks"), outputs, strict=True):
        assert output.shape == recorded[key].shape
        np.testing.assert_allclose(output.numpy(), recorded[key], atol=1e-4, rtol=0)


@pytest.mark.parametrize(("which", "frame"), [("first", 0), ("second", 1)])
def test_intermediate_maps_equal_the_official_code(which: str, frame: int) -> None:
    recorded, clip = recording("cls5_k4_noise")
    model = golden_model(recorded)
    fcc, ccc = (model.FCC_1, model.CCC_1) if which == "first" else (model.FCC_2, model.CCC_2)
    with torch.no_grad():
        stack = model.conv_stack(torch.from_numpy(clip[:, :, frame]))
        after_fcc = fcc(stack)
        maps = {
            "stack": stack,
            "fcc": after_fcc,
            "edge": ccc.edge(after_fcc),
            "f5c": ccc(after_fcc),
        }
    for name, value in maps.items():
        np.testing.assert_allclose(value.numpy(), recorded[f"{name}_{which}"], atol=1e-4, rtol=0)


def test_correlation_equals_the_official_code() -> None:
    recorded, clip = recording("cls5_k4_noise")
    model = golden_model(recorded)
    with torch.no_grad():
        maps = [model.flownet.encode(torch.from_numpy(clip[:, :, t])).conv3 for t in (0, 1)]
        came = correlation(*maps)
    np.testing.assert_allclose(came.numpy(), recorded["correlation"], atol=1e-4, rtol=0)


def test_correlation_of_both_signs_equals_the_official_code() -> None:
    recorded = np.load(GOLDEN / "correlation_signed.npz")
    from tests.golden_files import params

    a, b = params.signed_maps(int(recorded["seed"]))
    came = correlation(torch.from_numpy(a), torch.from_numpy(b)).numpy()
    wanted = recorded["correlation"]
    assert (wanted < 0).any()
    assert (wanted > 0).any()
    np.testing.assert_allclose(came, wanted, atol=1e-4, rtol=0)


def test_state_dict_is_that_of_official_checkpoints() -> None:
    wanted = json.loads((GOLDEN / "state_dict.json").read_text())
    state = Mol(MolConfig(classes=5)).state_dict()
    assert {name: list(value.shape) for name, value in state.items()} == wanted
    assert len(state) == 175


def test_channels_graph_is_the_papers_formula() -> None:
    torch.manual_seed(0)
    block = Mol(MolConfig(graph="channels", neighbours=3)).CCC_1
    y = torch.randn(2, 128, 16, 16)
    flat = y.flatten(2).double()
    unit = flat / flat.norm(dim=2, keepdim=True)
    nearest = (unit @ unit.mT).topk(3, dim=2).indices
    w1, w2 = (layer.weight[:, 0].double() for layer in (block.conv1, block.conv2))
    b1, b2 = block.conv1.bias.double(), block.conv2.bias.double()
    expected = torch.zeros_like(flat)
    for n in range(2):
        for c in range(128):
            edges = [
                torch.relu(w1 @ flat[n, c] + b1 + w2 @ (flat[n, j] - flat[n, c]) + b2)
                for j in nearest[n, c]
            ]
            expected[n, c] = torch.stack(edges).amax(0)
    mixed = torch.nn.functional.conv2d(
        expected.unflatten(2, (16, 16)), block.mix.weight.double(), block.mix.bias.double()
    )
    with torch.no_grad():
        np.testing.assert_allclose(block(y).numpy(), (y + mixed).numpy(), atol=1e-4, rtol=0)


def test_lite_has_two_to_three_million_parameters() -> None:
    count = sum(p.numel() for p in Mol(MolConfig.lite()).parameters())
    assert 2_000_000 <= count <= 3_000_000


def test_chosen_pairs_equal_those_of_the_whole_clip() -> None:
    torch.manual_seed(1)
    model = Mol(MolConfig.lite(classes=3)).eval()
    clip = torch.randn(2, 1, 8, 128, 128)
    with torch.no_grad():
        whole = model(clip)[1]
        logits, some, _ = model(clip, flow_pairs=[5, 0])
        none = model(clip, flow_pairs=[])[1]
    np.testing.assert_allclose(some.numpy(), whole[..., [5, 0]].numpy(), atol=1e-5)
    assert logits.shape == (2, 3)
    assert none.shape == (2, 2, 128, 128, 0)


def test_wrong_clip_is_refused() -> None:
    model = Mol(MolConfig.lite())
    with pytest.raises(ArrayError, match=r"\[B, 1, 8, 128, 128\], got \(1, 1, 7, 128, 128\)"):
        model(torch.zeros(1, 1, 7, 128, 128))
    with pytest.raises(OptionError, match="flow_pairs"):
        model(torch.zeros(1, 1, 8, 128, 128), flow_pairs=[7])


@pytest.mark.parametrize(
    "change",
    [
        {"classes": 1},
        {"neighbours": 0},
        {"graph": "edges"},
        {"flow_width": 0.0},
        {"neighbours": 257},
    ],
)
def test_impossible_configurations_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(OptionError, match=next(iter(change))):
        MolConfig(**change)


def test_training_lowers_the_loss_and_moves_statistics() -> None:
    torch.manual_seed(2)
    model = Mol(MolConfig.lite(classes=3)).train()
    clip = torch.randn(4, 1, 8, 128, 128)
    labels = torch.tensor([0, 1, 2, 0])
    flow = 0.5 * torch.ones(4, 2, 128, 128, 1)
    points = 64 + 8 * torch.randn(4, 136, 7)
    before = model.flownet.conv1[1].running_mean.clone()
    optimiser = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-3)
    losses = []
    for _ in range(8):
        logits, moved, landmarks = model(clip, flow_pairs=[3])
        loss = (
            torch.nn.functional.cross_entropy(logits, labels)
            + (moved - flow).square().mean()
            + 0.02 * (landmarks - points).abs().mean()
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    without_gradient = [
        name
        for name, p in model.named_parameters()
        if p.requires_grad and (p.grad is None or not p.grad.isfinite().all())
    ]
    assert without_gradient == []
    assert min(losses[-3:]) < 0.8 * losses[0]
    assert not torch.equal(before, model.flownet.conv1[1].running_mean)


def test_dropout_acts_in_training_only() -> None:
    torch.manual_seed(3)
    model = Mol(MolConfig.lite())
    clip = torch.randn(1, 1, 8, 128, 128)
    with torch.no_grad():
        model.eval()
        assert torch.equal(model(clip, [])[0], model(clip, [])[0])
        model.mer_3dcnn.train()
        assert not torch.equal(model(clip, [])[0], model(clip, [])[0])
