import numpy as np
import pytest
import torch

from export.checkpoint import load_checkpoint
from mol_edge.errors import DeviceError, InputError, OptionError, OutputError
from training import fit as fit_module
from training.checkpoints import BEST, LAST, load_model
from training.curves import read_log
from training.datasets import Splits, open_splits
from training.fit import fit, main
from training.texture import TextureDataset
from training.trainer import Trainer

from .tiny import tiny_config


def losses(config, out, resume=False, stop=None):
    """Loss of each step; with `stop`, of a run that ends abruptly after so many steps."""
    out.mkdir(exist_ok=True)
    trainer = Trainer(config, open_splits(config.data), out)
    if resume:
        trainer.resume()
    if stop is not None:
        plain = trainer._after

        def after(*arguments):
            plain(*arguments)
            if trainer.state.step == stop:
                raise KeyboardInterrupt

        trainer._after = after
        with pytest.raises(KeyboardInterrupt):
            trainer.run()
    else:
        trainer.run()
    return trainer.history


def test_the_same_seed_gives_the_same_curve(tmp_path):
    phases = [{"steps": 6, "batch": 2, "expression": 0.0}, {"steps": 3, "batch": 2}]
    config = tiny_config(phase=phases, run={"validate_every": 100})
    first, second = losses(config, tmp_path / "a"), losses(config, tmp_path / "b")
    assert len(first) == 9
    assert np.allclose(first, second, rtol=0, atol=1e-5)
    other = tiny_config(phase=[{"steps": 4, "batch": 2, "expression": 0.0}], run={"seed": 1})
    assert not np.allclose(first[:4], losses(other, tmp_path / "c"), atol=1e-3)


def test_a_killed_run_resumes_to_the_same_result(tmp_path):
    config = tiny_config(
        optimiser={"ema": 0.9},
        run={"init": "gradient"},
        phase=[
            {"steps": 3, "batch": 2, "expression": 0.0, "freeze": ["mer_3dcnn"]},
            {"steps": 4, "batch": 3},
        ],
    )
    whole = losses(config, tmp_path / "whole")
    # Saved after step 4, killed after step 5: step 5 is done again.
    losses(config, tmp_path / "cut", stop=5)
    rest = losses(config, tmp_path / "cut", resume=True)
    assert np.allclose(whole[4:], rest, atol=1e-5)
    models = [load_model(tmp_path / name / BEST)[0].state_dict() for name in ("whole", "cut")]
    for name, tensor in models[0].items():
        assert torch.allclose(tensor.float(), models[1][name].float(), atol=1e-5), name
    logs = [read_log(tmp_path / name / "log.csv") for name in ("whole", "cut")]
    assert [row["step"] for row in logs[0]] == [row["step"] for row in logs[1]] == [1, 3, 5, 6]
    assert [row["loss"] for row in logs[0]] == pytest.approx([row["loss"] for row in logs[1]])


def test_a_finished_run_goes_on_with_further_phases(tmp_path):
    first = {"steps": 2, "batch": 2}
    losses(tiny_config(phase=[first]), tmp_path / "grown")
    frozen = ["conv_stack", "FCC_1", "FCC_2", "CCC_1", "CCC_2", "mer_3dcnn", "ldm_predictor"]
    longer = tiny_config(phase=[first, {"steps": 2, "batch": 2, "freeze": frozen}])
    before = load_model(tmp_path / "grown" / BEST)[0].state_dict()
    rest = losses(longer, tmp_path / "grown", resume=True)
    assert np.allclose(losses(longer, tmp_path / "whole")[2:], rest, atol=1e-5)
    after = torch.load(tmp_path / "grown" / LAST, weights_only=True)["model"]
    moved = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert moved and all(name.startswith("flownet.") for name in moved)


def test_what_a_run_leaves(tmp_path):
    config = tiny_config()
    best = fit(config, open_splits(config.data), tmp_path)
    assert best == tmp_path / BEST
    assert (tmp_path / "curves.png").stat().st_size > 10_000
    (check,) = read_log(tmp_path / "validation.csv")
    assert check["step"] == 4
    assert {"loss", "uf1", "nme", "epe_moving", "epe_moving_zero"} <= check.keys()
    for row in read_log(tmp_path / "log.csv"):
        assert 0 <= row["waiting"] < 1
        assert row["clips_per_s"] > 0
    checkpoint = load_checkpoint(best)
    assert checkpoint.model.config == config.model
    facts = checkpoint.facts
    assert facts["labels"] == [f"way {way}" for way in range(5)]
    assert facts["alignment"] == "anchored"
    assert facts["window_ms"] == 350.0
    assert 100 < facts["mean"] < 156
    assert facts["scale"] <= 255 - facts["mean"]
    assert facts["provenance"]["config"]["data"]["kind"] == "texture"
    with pytest.raises(OutputError, match="--resume"):
        fit(config, open_splits(config.data), tmp_path)
    other = tiny_config(optimiser={"lr": 0.5})
    with pytest.raises(InputError, match=r"optimiser\.lr"):
        fit(other, open_splits(other.data), tmp_path, resume=True)
    (tmp_path / LAST).write_bytes(b"not a checkpoint")
    with pytest.raises(InputError, match=r"last\.pt"):
        fit(config, open_splits(config.data), tmp_path, resume=True)


def test_a_frozen_part_stays(tmp_path):
    config = tiny_config(phase=[{"steps": 2, "batch": 2, "freeze": ["flownet", "FCC_1"]}])
    trainer = Trainer(config, open_splits(config.data), tmp_path)
    before = {name: tensor.clone() for name, tensor in trainer.state.model.state_dict().items()}
    trainer.run()
    for name, tensor in trainer.state.model.state_dict().items():
        frozen = name.split(".")[0] in ("flownet", "FCC_1") or ".ffn." in name
        assert torch.equal(tensor, before[name]) or not frozen, name
    assert not torch.equal(
        trainer.state.model.conv_stack.conv_stack[0].weight,
        before["conv_stack.conv_stack.0.weight"],
    )


def test_training_learns_the_flow_of_a_texture(tmp_path):
    config = tiny_config(
        data={"kind": "texture", "train": 64, "validation": 8},
        loss={"flow": 30.0, "flow_kind": "epe", "expression": 0.0, "landmarks": 0.0},
        optimiser={"lr": 3e-4},
        augment={"flip": 0.0},
        run={"validate_every": 24, "init": "gradient"},
        phase=[{"steps": 24, "batch": 8, "expression": 0.0}],
    )
    fit(config, open_splits(config.data), tmp_path)
    check = read_log(tmp_path / "validation.csv")[-1]
    assert check["epe"] < 0.85 * check["epe_zero"]


def test_classes_of_data_and_network_must_agree(tmp_path):
    config = tiny_config()
    data = Splits(TextureDataset(4, classes=3), TextureDataset(4, classes=3))
    with pytest.raises(OptionError, match=r"model\.classes"):
        Trainer(config, data, tmp_path)


def test_stills_that_are_not_there_are_not_passed_over(tmp_path):
    config = tiny_config(phase=[{"steps": 1, "batch": 2, "stills": 2}])
    with pytest.raises(OptionError, match=r"phase\.stills"):
        Trainer(config, open_splits(config.data), tmp_path)


def test_a_device_that_is_not_there(tmp_path):
    if torch.cuda.is_available():
        pytest.skip("a GPU is here")
    config = tiny_config(run={"device": "cuda"})
    with pytest.raises(DeviceError, match=r"run\.device"):
        Trainer(config, open_splits(config.data), tmp_path)


def test_the_command_line_says_what_is_wrong(tmp_path):
    with pytest.raises(InputError, match="none.toml"):
        main([str(tmp_path / "none.toml")])


def test_a_folder_that_cannot_be_one_is_told_before_data_is_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    config = tmp_path / "run.toml"
    config.write_text("[data]\ntrain = 8\n")
    monkeypatch.setattr(fit_module, "open_splits", lambda *_, **__: pytest.fail("data was made"))
    with pytest.raises(OutputError, match="file cannot be written"):
        main([str(config), "--out", str(tmp_path / "file")])
    config.write_text('[run]\ndevice = "cuda:99"\n')
    with pytest.raises(DeviceError, match="cuda:99"):
        main([str(config), "--out", str(tmp_path / "run")])
    assert not (tmp_path / "run").exists()
