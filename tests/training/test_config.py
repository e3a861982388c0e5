from pathlib import Path

import pytest

from mol_edge.errors import InputError, OptionError
from training.config import config_from, load_config
from training.options import LossOptions, Phase

CONFIGS = Path(__file__).parents[2] / "training" / "configs"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_configurations_are_valid(path):
    config = load_config(path)
    assert config.name == path.stem
    assert config.steps == sum(phase.steps for phase in config.phases)


def test_lite_is_the_small_network():
    config = load_config(CONFIGS / "lite.toml")
    assert config.model.flow_width == 0.125
    assert config.model.classes == 5


def test_classes_follow_the_class_set():
    assert config_from({"data": {"classes": "classes3"}}).model.classes == 3


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"data": {"kind": "video"}}, "data.kind"),
        ({"data": {"pairs": 8}}, "data.pairs"),
        ({"data": {"kind": "prepared"}}, "data.folder"),
        ({"loss": {"flow_kind": "huber"}}, "loss.flow_kind"),
        ({"loss": {"weight": 1}}, "field of loss"),
        ({"optimiser": {"lr": 0}}, "optimiser.lr"),
        ({"optimiser": {"rates": {"head": 2}}}, "optimiser.rates"),
        ({"phase": [{"steps": 1, "freeze": ["head"]}]}, "phase.freeze"),
        ({"optimizer": {"lr": 1}}, "field of configuration"),
        ({"augment": {"flip": 2}}, "augment.flip"),
        ({"run": {"select": "test"}}, "run.select"),
        ({"phase": [{"steps": 0}]}, "phase.steps"),
        ({"phase": [{"batch": 4}]}, "table phase"),
        ({"phase": []}, "phase"),
        ({"phase": "long"}, r"as \[\[phase\]\] begins"),
        ({"phase": [3]}, "phase must be a table"),
        ({"data": 3}, "data must be a table"),
        ({"model": "lite"}, "model must be a table"),
        ({"data": {"train": "many"}}, "data.train must be a whole number, got 'many'"),
        ({"data": {"train": 2.5}}, "data.train must be a whole number"),
        ({"data": {"cache": 7}}, "data.cache must be a text or left out"),
        ({"data": {"options": 7}}, "data.options must be a table"),
        ({"run": {"processes": 1}}, "run.processes must be true or false"),
        ({"run": {"threads": 99999}}, "run.threads must be 0 to 256"),
        ({"optimiser": {"lr": float("nan")}}, "optimiser.lr must be a finite number"),
        ({"optimiser": {"betas": 0.9}}, "optimiser.betas must be a list"),
        ({"model": {"classes": "five"}}, "model.classes must be a whole number"),
        ({"mean": "a"}, "mean must be a finite number or left out"),
        ({"name": 5}, "name must be a text"),
        ({"model": {"preset": "huge"}}, "model.preset"),
        ({"scale": 0}, "scale"),
        ({"alignment": "none"}, "alignment"),
        ({"data": {"pairs": 1}, "phase": [{"steps": 1, "flow_pairs": 2}]}, "flow_pairs"),
    ],
)
def test_what_is_wrong_is_named(values, named):
    with pytest.raises(OptionError, match=named):
        config_from(values)


def test_a_file_that_is_no_toml(tmp_path):
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(InputError, match=r"bad\.toml"):
        load_config(tmp_path / "bad.toml")
    with pytest.raises(InputError, match=r"none\.toml"):
        load_config(tmp_path / "none.toml")


def test_phases_follow_one_another_and_override_the_weights():
    config = config_from({"phase": [{"steps": 3}, {"steps": 2, "flow": 0.0, "expression": 2.0}]})
    assert [config.phase_at(step)[0] for step in range(5)] == [0, 0, 0, 3, 3]
    loss = config.phase_at(4)[1].loss(LossOptions(landmarks=7.0))
    assert (loss.expression, loss.flow, loss.landmarks) == (2.0, 0.0, 7.0)
    with pytest.raises(OptionError, match="0 to 4"):
        config.phase_at(5)


def test_a_phase_without_samples():
    with pytest.raises(OptionError, match=r"phase\.batch"):
        Phase(steps=1, batch=0, stills=1)
