import json
import shutil
from dataclasses import replace

import pytest

import training.evaluation.loso as loso
from mol_edge.errors import InputError
from tests.training.tiny import tiny_config
from training.evaluation.loso import FOLD_FILE, fold_name, run_loso
from training.texture import TextureDataset

CONFIG = tiny_config(phase=[{"steps": 2, "batch": 2, "flow_pairs": 1}])
DATA = TextureDataset(8, subjects=3)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    return out, run_loso(CONFIG, out, DATA)


def test_every_clip_is_judged_once_by_a_network_that_never_saw_its_subject(whole):
    out, figures = whole
    assert figures["clips"] == 8
    assert sum(map(sum, figures["classes"]["clip"]["confusion"])) == 8
    videos = []
    for row in figures["folds"]:
        fold = json.loads((out / "folds" / fold_name(row["subject"]) / FOLD_FILE).read_text())
        assert {p["subject"] for p in fold["predictions"]} == {row["subject"]}
        videos += [p["video"] for p in fold["predictions"]]
    assert len(set(videos)) == 8
    assert figures["landmarks"]["frames"] == 56
    assert figures["flow"]["model"]["face_pixels"] > 0


def test_training_never_sees_the_test_subject(tmp_path, monkeypatch):
    seen = {}

    def spy(config, data, out, *, resume):
        seen[out.name] = tuple(
            {part.subject(i) for i in range(len(part))} for part in (data.train, data.validation)
        )
        raise KeyboardInterrupt

    monkeypatch.setattr(loso, "fit", spy)
    with pytest.raises(KeyboardInterrupt):
        run_loso(CONFIG, tmp_path, DATA)
    ((name, (train, validation)),) = seen.items()
    assert name == "texture_0"
    assert not train & validation
    assert train | validation == {"texture 1", "texture 2"}


def test_a_killed_run_resumes_to_the_same_result(whole, tmp_path, monkeypatch):
    real, calls = loso.fit, []

    def killed(*arguments, **options):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    monkeypatch.setattr(loso, "fit", killed)
    with pytest.raises(KeyboardInterrupt):
        run_loso(CONFIG, tmp_path, DATA)
    assert run_loso(CONFIG, tmp_path, DATA) == whole[1]
    assert len(calls) == 4  # 1 done, 1 killed, 2 after resumption


def test_folds_of_another_configuration_are_refused(whole):
    other = replace(CONFIG, name="other")
    with pytest.raises(InputError, match="another --out"):
        run_loso(other, whole[0], DATA)


def test_folds_from_before_a_field_existed_are_taken(whole, tmp_path):
    out, figures = whole
    shutil.copytree(out, tmp_path, dirs_exist_ok=True)
    for path in tmp_path.rglob(FOLD_FILE):
        fold = json.loads(path.read_text())
        del fold["config"]["phases"][0]["fit_head"], fold["config"]["run"]["processes"]
        path.write_text(json.dumps(fold))
    assert run_loso(CONFIG, tmp_path, DATA) == figures


def test_two_subjects_are_too_few(tmp_path):
    with pytest.raises(InputError, match="three subjects"):
        run_loso(CONFIG, tmp_path, TextureDataset(4, subjects=2))


def test_folders_of_odd_names():
    assert fold_name("s 1/../x") == "s_1_.._x"
    assert fold_name("..") == "_"
