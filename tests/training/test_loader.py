import numpy as np
import pytest
import torch

from training.loader import BatchMaker, Prefetcher
from training.model.config import PAIRS
from training.texture import TextureDataset

from .tiny import tiny_config

PHASES = [
    {"steps": 3, "batch": 4, "flow_pairs": 2, "stills": 3},
    {"steps": 3, "batch": 2, "flow_pairs": 0},
]


class FixedStills:
    def __len__(self):
        return 5

    def still(self, index):
        return np.full((128, 128), index, np.uint8), np.full((68, 2), index, np.float32)


def batches(start=0, stop=6, **run):
    config = tiny_config(phase=PHASES, run=run)
    maker = BatchMaker(config, TextureDataset(10), FixedStills())
    return list(Prefetcher(maker, start, stop))


def test_batches_have_what_their_phase_asks_for():
    first, *_, last = batches()
    assert first.frames.shape == (4, 8, 128, 128)
    assert first.flow.shape == (4, 2, 2, 128, 128)
    assert first.stills.shape == (3, 128, 128)
    assert last.flow.shape == (2, 0, 2, 128, 128)
    assert len(last.stills) == 0
    assert ((first.pairs >= 0) & (first.pairs < PAIRS)).all()
    assert (first.pairs[:, 0] < first.pairs[:, 1]).all()


@pytest.mark.parametrize("run", [{"workers": 3}, {"workers": 2, "processes": True}])
def test_workers_do_not_change_batches(run):
    for one, other in zip(batches(), batches(**run), strict=True):
        for name, mine, theirs in zip(one._fields, one, other):
            assert torch.equal(mine, theirs), (name, (mine.float() - theirs.float()).abs().max())


@pytest.mark.parametrize(("device", "pinned"), [("cpu", False), ("cuda", True)])
def test_memory_is_pinned_for_a_gpu_alone(device, pinned, monkeypatch):
    asked = {}

    def loader(_, **options):
        asked.update(options)
        return []

    monkeypatch.setattr("training.loader.DataLoader", loader)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert batches(processes=True, device=device) == []
    assert asked["pin_memory"] is pinned


def test_a_resumed_run_sees_the_batches_of_an_unbroken_one():
    for one, other in zip(batches()[2:], batches(start=2), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other))


def test_an_epoch_sees_every_sample_once():
    config = tiny_config(phase=[{"steps": 4, "batch": 5, "flow_pairs": 0}])
    data = TextureDataset(10)
    maker = BatchMaker(config, data)
    draws = [maker._draw(position) for position in range(20)]
    assert sorted(index for epoch, index in draws if epoch == 0) == list(range(10))
    assert sorted(index for epoch, index in draws if epoch == 1) == list(range(10))


def test_an_error_in_a_worker_reaches_training():
    class Broken(TextureDataset):
        def sample(self, index, epoch=0, pairs=None):
            raise OSError("the disk is gone")

    maker = BatchMaker(tiny_config(), Broken(4))
    with pytest.raises(OSError, match="the disk is gone"):
        list(Prefetcher(maker, 0, 2))
