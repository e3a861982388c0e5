import json
import shutil

import numpy as np
import pytest

from mol_edge.errors import InputError, OptionError
from training.data import PreparedDataset
from training.data.cache import read_index
from training.samples import Dataset


@pytest.fixture
def data(prepared):
    return PreparedDataset(prepared[0].out)


@pytest.fixture
def copy(prepared, tmp_path):
    return shutil.copytree(prepared[0].out, tmp_path / "copy")


def test_it_is_a_dataset(data):
    dataset: Dataset = data
    assert len(dataset) == 5
    assert dataset.labels == ("happiness", "disgust", "repression", "surprise", "others")
    assert [dataset.subject(i) for i in range(5)] == ["01", "01", "02", "02", "03"]
    assert [data.label(i) for i in range(5)] == [0, 1, 2, 3, 4]
    assert data.video(3) == "02_EP02_01"
    assert data.alignment == "anchored"


def test_a_sample_is_what_the_cache_holds(data, prepared):
    sample = data.sample(2)
    entry = read_index(prepared[0].out).clips[2]
    at = [round(i * (entry.frames - 1) / 7) for i in range(8)]
    with np.load(prepared[0].out / "clips" / "02_EP01_01.npz") as content:
        assert (sample.frames == content["frames"][at]).all()
        assert (sample.landmarks == content["landmarks"][at]).all()
        flow = content[f"flow_{at[3]}_{at[4]}"]
    assert (sample.flow[3] == flow.astype(np.float32)).all()
    assert sample.flow.dtype == np.float32
    assert (sample.video, sample.subject, sample.label) == ("02_EP01_01", "02", 2)
    assert sample.pairs == tuple(range(7))


def test_the_same_index_gives_the_same_sample_in_every_epoch(data):
    one, other = data.sample(1), data.sample(1, epoch=3)
    assert (one.frames == other.frames).all()
    assert (one.flow == other.flow).all()


def test_only_the_wanted_pairs_are_given(data):
    whole, few = data.sample(0), data.sample(0, pairs=(5, 1))
    assert few.pairs == (5, 1)
    assert (few.flow == whole.flow[[5, 1]]).all()
    assert data.sample(0, pairs=()).flow.shape == (0, 2, 144, 144)
    with pytest.raises(OptionError, match="from 0 to 6"):
        data.sample(0, pairs=(7,))


def test_landmarks_lie_on_the_face_and_the_mask_holds_them(data):
    sample = data.sample(0)
    eyes = sample.landmarks[:, 36:48].mean(1)
    mouth = sample.landmarks[:, 48:68].mean(1)
    assert np.abs(eyes[:, 0] - mouth[:, 0]).max() < 15
    assert (mouth[:, 1] - eyes[:, 1]).min() > 30
    nose = np.round(sample.landmarks[:, 30]).astype(int)
    assert sample.face[nose[:, 1], nose[:, 0]].all()
    assert 0.2 < sample.face.mean() < 0.9
    assert not sample.face[0].any()


def test_a_split_never_shares_a_subject(data):
    assert data.subjects() == ["01", "02", "03"]
    train, test = data.split("02")
    assert train.subjects() == ["01", "03"]
    assert test.subjects() == ["02"]
    assert (len(train), len(test)) == (3, 2)
    assert test.sample(0).video == "02_EP01_01"
    with pytest.raises(OptionError, match="must be one of 01, 02, 03, got '04'"):
        data.split("04")


def test_another_protocol_than_the_caches_is_refused(prepared):
    with pytest.raises(OptionError, match="holds the event protocol, got 'official'"):
        PreparedDataset(prepared[0].out, protocol="official")


def test_an_unfinished_cache_is_refused(copy):
    index = copy / "index.json"
    index.write_text(json.dumps({**json.loads(index.read_text()), "complete": False}))
    with pytest.raises(InputError, match="was stopped before its end"):
        PreparedDataset(copy)


@pytest.mark.parametrize("damage", ["missing", "cut", "flipped"])
def test_a_damaged_clip_is_named(copy, damage):
    file = copy / "clips" / "01_EP01_01.npz"
    content = bytearray(file.read_bytes())
    if damage == "missing":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    else:
        content[5000] ^= 1
        file.write_bytes(content)
    with pytest.raises(InputError, match="01_EP01_01.npz must be a prepared clip"):
        PreparedDataset(copy).sample(0)
