import pytest
import torch

from training.datasets import open_splits
from training.head_phase import HeadPhase
from training.trainer import Trainer

from .tiny import tiny_config


def phases(*more):
    return [
        {"steps": 2, "batch": 2, "flow_pairs": 1},
        {"steps": 3, "batch": 4, "flow_pairs": 0, "fit_head": 2},
        *more,
    ]


def test_a_phase_fits_the_head_and_nothing_else(tmp_path):
    config = tiny_config(phase=phases(), optimiser={"ema": 0.9})
    trainer = Trainer(config, open_splits(config.data), tmp_path)
    trainer.run()
    config = tiny_config(phase=phases()[:1], optimiser={"ema": 0.9})
    before = Trainer(config, open_splits(config.data), tmp_path / "short")
    before.run()
    expected = before.state.judged.state_dict()
    for name, value in trainer.state.judged.state_dict().items():
        same = torch.equal(value, expected[name])
        assert same != name.startswith("mer_3dcnn"), name


def test_a_run_cut_within_the_phase_ends_the_same(tmp_path, monkeypatch):
    config = tiny_config(phase=phases({"steps": 2, "batch": 2, "flow_pairs": 1}))
    data = open_splits(config.data)
    whole = Trainer(config, data, tmp_path / "whole")
    whole.run()
    cut = Trainer(config, data, tmp_path / "cut")
    take_in, seen = HeadPhase.take_in, []

    def stop_at_the_second(*arguments):
        seen.append(arguments)
        if len(seen) == 2:
            raise KeyboardInterrupt
        take_in(*arguments)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(HeadPhase, "take_in", stop_at_the_second)
        cut.run()
    rest = Trainer(config, data, tmp_path / "cut")
    rest.resume()
    assert rest.state.step == 2
    rest.run()
    expected = whole.state.model.state_dict()
    for name, value in rest.state.model.state_dict().items():
        assert torch.allclose(value.float(), expected[name].float(), atol=1e-6)
