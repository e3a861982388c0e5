import json

import numpy as np
import pytest

from mol_edge.errors import InputError
from training.data.cache import (
    Entry,
    Index,
    PreparedClip,
    clip_file,
    is_current,
    read_index,
    write_clip,
    write_index,
)

INDEX = Index(
    "samm", "official", ("a", "b"), "anchored", "both", "csv", True,
    (Entry("006_1_2", "006", 1, "anger", 9, 3, None, 11),),
)  # fmt: skip


def test_an_index_comes_back_as_it_was(tmp_path):
    write_index(tmp_path, INDEX)
    assert read_index(tmp_path) == INDEX


def test_no_index_names_the_command(tmp_path):
    with pytest.raises(InputError, match="python -m training.data prepare"):
        read_index(tmp_path)


@pytest.mark.parametrize("change", [{"format": 99}, {"clips": [{"video": "a"}]}, {"more": 1}])
def test_another_index_is_refused(tmp_path, change):
    write_index(tmp_path, INDEX)
    file = tmp_path / "index.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(InputError, match="is not an index of format 1"):
        read_index(tmp_path)


def test_a_clip_is_current_only_whole_and_under_its_key(tmp_path):
    file = clip_file(tmp_path, "006_1_2")
    file.parent.mkdir()
    assert not is_current(file, "k")
    clip = PreparedClip(
        np.zeros((8, 144, 144), np.uint8),
        np.zeros((8, 68, 2), np.float32),
        np.zeros((8, 2, 3)),
        {(0, 1): np.full((2, 144, 144), 0.5, np.float16)},
    )
    write_clip(file, clip, "k")
    assert is_current(file, "k")
    assert not is_current(file, "other")
    with np.load(file, allow_pickle=False) as content:
        assert sorted(content) == ["flow_0_1", "frames", "key", "landmarks", "transforms"]
        assert content["flow_0_1"].max() == 0.5
    file.write_bytes(file.read_bytes()[:-100])
    assert not is_current(file, "k")
