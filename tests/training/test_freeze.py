from training.freeze import freeze
from training.model import Mol

from .tiny import tiny_config


def trained(model):
    return {
        name.split(".")[0] for name, weights in model.named_parameters() if weights.requires_grad
    }


def test_parts_rest_and_train_again():
    model = Mol(tiny_config().model)
    parts = {name for name, _ in model.named_children()}
    freeze(model, ["flownet", "FCC_1"])
    assert trained(model) == parts - {"flownet", "FCC_1"}
    assert not model.flownet.conv1[1].training
    assert model.FCC_2.pre_Norm_1.training
    freeze(model, [])
    assert trained(model) == parts
    assert model.flownet.conv1[1].training


def test_what_takes_no_part_never_trains():
    model = Mol(tiny_config().model)
    freeze(model, [])
    unused = [weights for name, weights in model.named_parameters() if ".ffn." in name]
    assert len(unused) == 12
    assert not any(weights.requires_grad for weights in unused)
