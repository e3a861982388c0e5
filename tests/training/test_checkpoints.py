import copy

import pytest
import torch

from mol_edge.errors import InputError
from training.checkpoints import read, same_run
from training.config import completed

from .tiny import tiny_config

# Fields of a table, and of all phases, that came after the first runs.
LATER = {"optimiser": ["relative", "rates"], "run": ["processes"], "data": ["still_options"]}


def without_later_fields(config):
    kept = copy.deepcopy(config.to_dict())
    for table, names in LATER.items():
        for name in names:
            del kept[table][name]
    for phase in kept["phases"]:
        del phase["fit_head"], phase["freeze"]
    del kept["augment"], kept["alignment"]
    return kept


def test_a_field_that_came_later_counts_as_its_default():
    config = tiny_config()
    kept = without_later_fields(config)
    assert "fit_head" not in kept["phases"][0]
    assert same_run(kept, config) == []
    assert completed(kept) == config.to_dict()


@pytest.mark.parametrize(
    ("tables", "named"),
    [
        ({"optimiser": {"relative": False}}, ["optimiser.relative"]),
        ({"augment": {"flip": 0.0}}, ["augment.flip"]),
        ({"phase": [{"steps": 4, "batch": 2, "freeze": ["flownet"]}]}, ["phases"]),
        ({"phase": [{"steps": 4, "batch": 2, "fit_head": 3}]}, ["phases"]),
        ({"alignment": "anchored"}, ["alignment"]),
    ],
)
def test_another_value_of_a_later_field_is_another_run(tables, named):
    assert same_run(without_later_fields(tiny_config()), tiny_config(**tables)) == named


def test_how_a_run_uses_the_machine_does_not_make_it_another():
    kept = tiny_config(run={"threads": 3, "workers": 2, "prefetch": 9}).to_dict()
    assert same_run(kept, tiny_config()) == []
    assert same_run(kept, tiny_config(run={"seed": 4})) == ["run.seed"]


def test_more_phases_make_a_run_longer():
    first, second = {"steps": 4, "batch": 2}, {"steps": 1, "batch": 2}
    assert same_run(tiny_config(phase=[first]).to_dict(), tiny_config(phase=[first, second])) == []
    kept = tiny_config(phase=[first, second]).to_dict()
    assert same_run(kept, tiny_config(phase=[first])) == ["phases"]


def test_files_that_are_no_checkpoints_are_told_in_a_few_words(tmp_path):
    torch.save({"weights": torch.zeros(5000)}, tmp_path / "whole.pt")
    content = (tmp_path / "whole.pt").read_bytes()
    assert set(read(tmp_path / "whole.pt")) == {"weights"}
    (tmp_path / "text.pt").write_text("just text\n")
    (tmp_path / "cut.pt").write_bytes(content[: len(content) // 2])
    for name in ("text.pt", "cut.pt", "none.pt"):
        with pytest.raises(InputError) as caught:
            read(tmp_path / name)
        said = str(caught.value)
        assert said.startswith(f"{tmp_path / name} must be a checkpoint, and cannot be read as one")
        assert said.endswith("): check the path.")
        assert ". " not in said and "Invalid argument" not in said
