import dataclasses

import pytest
import torch

from mol_edge.errors import InputError
from training.device import Compute
from training.state import TrainingState
from training.texture import TextureDataset

from .tiny import tiny_config

CPU = Compute(torch.device("cpu"), "fp32")


def fresh(seed=0, **tables):
    config = tiny_config(run={"seed": seed}, optimiser={"ema": 0.9}, **tables)
    return config, TrainingState.fresh(config, TextureDataset(4), CPU)


def weights_of(model):
    return torch.cat([value.flatten().double() for value in model.state_dict().values()])


def with_a_step(state):
    """The state after one step down the sum of the landmark head's weights."""
    sum(weights.sum() for weights in state.model.ldm_predictor.parameters()).backward()
    state.optimiser.step()
    state.average.update(state.model, 0)
    state.step, state.best = 1, -0.5
    return state


def test_a_restored_state_is_the_kept_one(tmp_path):
    config, state = fresh()
    with_a_step(state).save(config, tmp_path / "last.pt")
    next_chance = torch.rand(3)
    other = fresh(seed=1)[1]
    assert not torch.equal(weights_of(other.model), weights_of(state.model))
    other.restore(config, tmp_path / "last.pt")
    assert torch.equal(torch.rand(3), next_chance)
    assert (other.step, other.best) == (1, -0.5)
    assert (other.mean, other.scale) == (state.mean, state.scale)
    assert torch.equal(weights_of(other.model), weights_of(state.model))
    assert torch.equal(weights_of(other.judged), weights_of(state.judged))
    for mine, theirs in zip(other.optimiser.state.values(), state.optimiser.state.values()):
        assert torch.equal(mine["exp_avg"], theirs["exp_avg"])
    assert len(other.optimiser.state) == 6
    with pytest.raises(InputError, match=r"run\.seed"):
        other.restore(fresh(seed=1)[0], tmp_path / "last.pt")


def test_going_on_from_the_average_forgets_the_way_there():
    state = with_a_step(fresh()[1])
    assert not torch.equal(weights_of(state.model), weights_of(state.judged))
    state.start_from_average()
    assert torch.equal(weights_of(state.model), weights_of(state.judged))
    assert not state.optimiser.state


def test_the_chance_of_the_very_gpu_is_kept(tmp_path, monkeypatch):
    chance = {torch.device("cuda:0"): 3, torch.device("cuda:1"): 5}

    def keep(device):
        return torch.tensor([chance[device]], dtype=torch.uint8)

    def give_back(value, device):
        chance[device] = int(value)

    monkeypatch.setattr(torch.cuda, "get_rng_state", keep)
    monkeypatch.setattr(torch.cuda, "set_rng_state", give_back)
    config, state = fresh()
    on_gpu = dataclasses.replace(state, device=torch.device("cuda:1"))
    on_gpu.save(config, tmp_path / "last.pt")
    chance[on_gpu.device] = 0
    on_gpu.restore(config, tmp_path / "last.pt")
    assert list(chance.values()) == [3, 5]
