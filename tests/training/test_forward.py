import pytest
import torch

from training.fast_edge import fast_ccc
from training.forward import forward
from training.model import Mol, MolConfig
from training.model.f5c import Ccc

from .tiny import tiny_config


@pytest.fixture(scope="module")
def model() -> Mol:
    torch.manual_seed(0)
    return Mol(tiny_config().model).eval()


@pytest.fixture(scope="module")
def clip() -> torch.Tensor:
    return torch.randn(2, 8, 128, 128, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_it_agrees_with_the_network_itself(model, clip):
    pairs = torch.tensor([[1, 4], [0, 6]])
    logits, flow, landmarks = model(clip[:, None])
    out = forward(model, clip, pairs)
    assert torch.allclose(out.logits, logits, atol=1e-4)
    for row in range(2):
        expected = flow[row, ..., pairs[row]].movedim(-1, 0)
        assert torch.allclose(out.flow[row], expected, atol=1e-4)
    points = landmarks.mT.unflatten(2, (68, 2))
    assert torch.allclose(out.landmarks, points, atol=1e-3)
    assert out.seen.tolist() == [list(range(1, 8))] * 2


@torch.no_grad()
def test_without_logits_only_the_pairs_are_computed(model, clip):
    pairs = torch.tensor([[2], [5]])
    whole = forward(model, clip, pairs)
    part = forward(model, clip, pairs, classify=False)
    assert part.logits is None
    assert torch.allclose(part.flow, whole.flow, atol=1e-4)
    assert part.seen.tolist() == [[3], [6]]
    for row, frame in ((0, 3), (1, 6)):
        expected = whole.landmarks[row, frame - 1]
        assert torch.allclose(part.landmarks[row, 0], expected, atol=1e-3)


@torch.no_grad()
def test_stills_are_second_frames(model, clip):
    whole = forward(model, clip)
    joined = forward(model, clip[:1], stills=clip[1, 3:5])
    alone = forward(model, None, stills=clip[1, 3:5])
    assert torch.allclose(joined.stills, whole.landmarks[1, 2:4], atol=1e-3)
    assert torch.allclose(alone.stills, joined.stills, atol=1e-3)


@torch.no_grad()
def test_landmarks_keep_their_digits_where_the_other_heads_are_halved(model, clip, monkeypatch):
    pairs, stills = torch.tensor([[1], [5]]), clip[0, :2]
    exact = forward(model, clip, pairs, stills)
    halved = torch.autocast("cpu", torch.bfloat16)
    monkeypatch.setattr("training.forward._heads", lambda *_: halved)
    out = forward(model, clip, pairs, stills)
    assert out.logits.dtype == out.flow.dtype == torch.bfloat16
    assert torch.equal(out.landmarks, exact.landmarks)
    assert torch.equal(out.stills, exact.stills)
    alone = forward(model, None, stills=stills)
    assert torch.allclose(alone.stills, exact.stills, atol=1e-3)


@pytest.mark.parametrize("neighbours", [2, 4])
def test_fast_ccc_has_the_values_and_gradients_of_autograd(neighbours):
    torch.manual_seed(neighbours)
    ccc = Ccc(MolConfig(neighbours=neighbours))
    maps, sent = torch.randn(2, 19, 128, 16, 16)  # more than one chunk

    def gradients(function):
        given = maps.clone().requires_grad_()
        result = function(given)
        ccc.zero_grad()
        result.backward(sent)
        return result.detach(), given.grad, *(p.grad.clone() for p in ccc.parameters())

    expected = gradients(ccc)
    for came, wanted in zip(gradients(lambda m: fast_ccc(ccc, m, False)), expected, strict=True):
        assert torch.allclose(came, wanted, rtol=1e-4, atol=1e-4 * wanted.abs().max().item())
    halved = gradients(lambda m: fast_ccc(ccc, m, True))
    assert torch.allclose(halved[0], expected[0], atol=1e-4)
    for came, wanted in zip(halved[1:], expected[1:], strict=True):
        assert (came - wanted).norm() < 0.01 * wanted.norm()
