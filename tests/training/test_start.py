import copy

import pytest
import torch

from training.flow_start import _places
from training.forward import forward
from training.model import Mol, MolConfig
from training.start import mean_landmarks, measure_luma, start_weights
from training.texture import TextureDataset


@pytest.fixture(scope="module")
def data():
    return TextureDataset(48)


@pytest.fixture(scope="module")
def started(data):
    torch.manual_seed(0)
    model = Mol(MolConfig.lite()).train()
    start_weights(model, "gradient", data, *measure_luma(data))
    return model


def test_luma_as_the_official_code_has_it(data):
    mean, scale = measure_luma(data)
    assert 120 < mean < 136
    brightest = max(int(data.sample(i).frames.max()) for i in range(48))
    assert scale == pytest.approx(brightest - mean)


def test_landmarks_start_at_their_mean(started, data):
    bias = started.ldm_predictor.fc2.bias.detach().view(68, 2).numpy()
    assert bias == pytest.approx(mean_landmarks(data), abs=1e-4)


@torch.no_grad()
def test_flow_starts_close_to_the_truth(started, data):
    mean, scale = measure_luma(data)
    fresh = TextureDataset(8, first_seed=500)
    samples = [fresh.sample(index, 0, (2,)) for index in range(8)]
    clips = torch.stack([torch.from_numpy(s.frames) for s in samples]).float()
    truth = torch.stack([torch.from_numpy(s.flow.copy()) for s in samples])
    model = copy.deepcopy(started)  # a forward pass in training mode moves batch norms
    out = forward(model, (clips - mean) / scale, torch.full((8, 1), 2), classify=False)
    inner = (..., slice(16, -16), slice(16, -16))
    error = torch.linalg.vector_norm(out.flow - truth, dim=2)[inner].mean()
    assert error < 0.75 * torch.linalg.vector_norm(truth, dim=2)[inner].mean()
    along = (out.flow * truth).sum(2)[inner].mean() / (truth * truth).sum(2)[inner].mean()
    assert along > 0.3


def test_statistics_are_left_alone(started):
    assert (started.FCC_1.pre_Norm_1.num_batches_tracked == 0).all()
    for name, buffer in started.named_buffers():
        if name.startswith("flownet") and name.endswith("running_mean"):
            assert not buffer.any(), name


def test_both_sets_start_alike(started):
    for one, other in (("FCC_1", "FCC_2"), ("CCC_1", "CCC_2")):
        states = started.get_submodule(one).state_dict(), started.get_submodule(other).state_dict()
        assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


@torch.no_grad()
def test_the_expression_head_starts_on_changes_alone(started, data):
    kernel = started.mer_3dcnn.conv3d.weight
    assert kernel.sum(4).abs().max() < 1e-4 * kernel.abs().max()
    frame = torch.from_numpy(data.sample(0).frames[0]).float() / 128 - 1
    bias = started.mer_3dcnn.conv3d.bias
    seen = []
    model = copy.deepcopy(started)
    model.mer_3dcnn.conv3d.register_forward_hook(lambda *args: seen.append(args[2]))
    forward(model, frame.expand(2, 8, -1, -1))
    assert torch.allclose(seen[0], bias[None, :, None, None, None].expand_as(seen[0]), atol=1e-3)


@pytest.mark.parametrize("count", [1, 4, 5, 9])
def test_places_lie_within_a_position(count):
    places = _places(count)
    assert len(set(places)) == count
    assert all(abs(x) < 4 and abs(y) < 4 for x, y in places)
