"""The expression head's first fit: exact when written out, blind to what stands still, and apt."""

import numpy as np
import pytest
import torch

from mol_edge.errors import InputError
from training.changes import changes, directions, entries, patches
from training.head_start import HeadStart, ReducedHead
from training.losses import NO_LABEL
from training.model import Mol, MolConfig


def bars(labels, seed):
    """Clips of a dark bar on grain, which rises by 1.5 px with label 1 and sinks with label 0."""
    rng = np.random.default_rng(seed)
    rows = np.arange(128, dtype=np.float32)
    clips = np.empty((len(labels), 8, 128, 128), np.float32)
    for clip, label in zip(clips, labels):
        for t, frame in enumerate(clip):
            middle = 52 + rng.uniform(-0.02, 0.02) + (0.5 - label) * 3 * t / 7
            frame[:] = -np.exp(-(((rows - middle) / 4) ** 2))[:, None]
        clip *= rng.uniform(0.7, 1.3)
        clip += rng.normal(0, 0.02, clip.shape)
    return torch.from_numpy(clips)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(3)
    return Mol(MolConfig.lite(classes=2)).eval()


@pytest.fixture(scope="module")
def fitted(model):
    labels = torch.arange(40) % 2
    start = HeadStart(model, "fp32")
    for rows in torch.arange(40).split(10):
        start.add(bars(labels[rows].tolist(), int(rows[0])), labels[rows])
    start.fit(epochs=20, seed=0)
    return model


@torch.no_grad()
def logits(model, clips):
    return model.mer_3dcnn(entries(model, clips, "fp32").movedim(1, -1))


def test_patches_are_what_a_kernel_sees():
    maps = torch.randn(2, 14, 128, 16, 16)
    kernel = torch.randn(3, 128, 2, 2)
    expected = torch.nn.functional.conv2d(maps[1, 5], kernel, stride=2).flatten(1)
    assert torch.allclose(patches(maps)[1, 5] @ kernel.flatten(1).T, expected.T, atol=1e-3)


def test_directions_prefer_what_changes_slowly():
    generator = torch.Generator().manual_seed(0)
    seen = torch.randn(40, 14, 2, 8, generator=generator)
    seen[..., 5] += torch.linspace(-3, 3, 14)[None, :, None]
    found = directions(seen, 1)[:, 0]
    assert found.abs().argmax() == 5


def test_the_head_learns_which_way_something_moved(fitted):
    labels = torch.arange(16) % 2
    guessed = logits(fitted, bars(labels.tolist(), 1000)).argmax(1)
    assert (guessed == labels).float().mean() >= 0.9


def test_what_stands_still_leaves_the_logits_alone(fitted):
    first = bars([0], 7)[:, :1].expand(-1, 8, -1, -1)
    other = bars([1], 8)[:, 7:].expand(-1, 8, -1, -1)
    kernel = fitted.mer_3dcnn.conv3d.weight
    for taps in (slice(0, None, 2), slice(1, None, 2)):
        assert kernel[..., taps].sum(-1).abs().max() < 1e-4 * kernel.abs().max()
    assert torch.allclose(logits(fitted, first), logits(fitted, other), atol=1e-3)


def test_written_out_the_head_gives_what_it_gave_reduced(model):
    clips = bars([0, 1, 0], 5)
    start = HeadStart(model, "fp32")
    start.add(clips, torch.tensor([0, 1, 0]))
    start._settle()
    torch.manual_seed(1)
    head = ReducedHead(model, start._reduced[0].shape[-1], 0.5).eval()
    with torch.no_grad():
        expected = head(start._numbers(torch.cat(start._reduced)))
    start._write(head)
    assert expected.std() > 0.01
    assert torch.allclose(logits(model, clips), expected, atol=0.02 * float(expected.abs().max()))


def test_clips_without_a_class_are_refused_and_the_head_stays(model):
    before = model.mer_3dcnn.fc1.weight.clone()
    start = HeadStart(model, "fp32")
    start.add(bars([0, 1], 5), torch.tensor([NO_LABEL, NO_LABEL]))
    with pytest.raises(InputError, match="clips with a class, got none"):
        start.fit(epochs=1, seed=0)
    assert torch.equal(before, model.mer_3dcnn.fc1.weight)


def test_clips_without_a_class_serve_as_background(model):
    start = HeadStart(model, "fp32")
    still, moving = torch.zeros(1, 64, 12, 3), torch.ones(1, 64, 12, 3)
    reduced = torch.cat([moving, still, 2 * moving])
    rows, quiet = torch.tensor([0, 0, 0, 0]), torch.tensor([2])
    shown = start._varied(reduced, rows, quiet, torch.Generator().manual_seed(0))
    alone = start._varied(reduced, rows, quiet[:0], torch.Generator().manual_seed(0))
    assert ((alone >= np.exp(-0.2)) & (alone <= np.exp(0.2))).all()
    assert alone[:, 0, 0, 0].unique().numel() == 4
    over = shown - alone
    assert ((over >= 0) & (over <= 1.4)).all()
    assert over[:, 0, 0, 0].unique().numel() == 4


def test_changes_are_those_to_the_next_entry_of_the_same_set():
    seen = torch.randn(2, 14, 64, 512, generator=torch.Generator().manual_seed(0))
    basis = torch.eye(512)[:, :5]
    found = changes(seen, basis)
    assert found.shape == (2, 64, 12, 5)
    assert torch.equal(found[1, 7, 3], seen[1, 5, 7, :5] - seen[1, 3, 7, :5])
