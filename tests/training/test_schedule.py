import pytest
import torch

from training.model import Mol, MolConfig
from training.options import OptimiserOptions
from training.schedule import Average, learning_rate, make_optimiser, rate_factor, set_rate


def rates(kind):
    options = OptimiserOptions(schedule=kind, warmup=0.2, floor=0.1)
    return [learning_rate(options, 2.0, step, 50) for step in range(50)]


@pytest.mark.parametrize("kind", ["cosine", "onecycle"])
def test_rates_rise_to_the_peak_and_fall_to_the_floor(kind):
    found = rates(kind)
    assert max(found) == found[9] == pytest.approx(2.0)
    assert found[:10] == sorted(found[:10])
    assert found[9:] == sorted(found[9:], reverse=True)
    assert found[-1] == pytest.approx(0.2)


def test_a_constant_rate():
    assert set(rates("constant")) == {2.0}


def test_rates_go_with_the_size_of_the_weights():
    assert rate_factor(torch.full((3, 3), 0.05)) == 1
    assert rate_factor(torch.full((3, 3), 0.0125)) == 0.25
    assert rate_factor(torch.full((3, 3), 1e-9)) == 1 / 64
    assert rate_factor(torch.full((3, 3), 9.0)) == 8


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return Mol(MolConfig.lite(flow_width=0.05))


def test_every_trained_weight_is_in_one_group(model):
    options = OptimiserOptions(rates={"ldm_predictor": 16.0})
    optimiser = make_optimiser(model, options)
    set_rate(optimiser, 0.01)
    names = {id(p): name for name, p in model.named_parameters() if p.requires_grad}
    found = {}
    for group in optimiser.param_groups:
        for parameter in group["params"]:
            found[names[id(parameter)]] = group["lr"], group["weight_decay"]
    assert sorted(found) == sorted(names.values())
    assert sum(len(group["params"]) for group in optimiser.param_groups) == len(found)
    assert not any(".ffn." in name for name in found)
    assert found["ldm_predictor.fc2.bias"] == (0.16, 0.0)
    assert found["ldm_predictor.fc1.weight"] == (pytest.approx(0.01 * 16 * 0.25), 1e-3)
    assert found["FCC_1.meta_pe_1_H"][1] == 0.0
    plain = make_optimiser(model, OptimiserOptions(relative=False))
    assert {group["factor"] for group in plain.param_groups} == {1.0}


def test_the_average_follows_the_weights():
    torch.manual_seed(0)
    model = Mol(MolConfig.lite(flow_width=0.05))
    average = Average(model, 0.5)
    weight = model.ldm_predictor.fc2.bias
    before = weight.detach().clone()
    with torch.no_grad():
        weight += 1
        model.FCC_1.pre_Norm_1.running_mean += 3
    average.update(model, 100)
    assert torch.allclose(average.model.ldm_predictor.fc2.bias, before + 0.5)
    assert (average.model.FCC_1.pre_Norm_1.running_mean == 3).all()
    average.update(model, 100)
    assert torch.allclose(average.model.ldm_predictor.fc2.bias, before + 0.75)
