import pickle

import numpy as np
import pytest

from mol_edge.errors import InputError, OptionError
from training.datasets import open_evaluation, open_splits, split_subjects
from training.options import DataOptions
from training.synthetic import SyntheticOptions, make_clip
from training.synthetic.labels import CASME5
from training.synthetic_data import CachedClips, SyntheticDataset
from training.texture import TextureDataset

SMALL = DataOptions(train=2, validation=2, evaluation=2, pairs=2)


def test_synthetic_samples_are_the_clips():
    options = SyntheticOptions()
    data, clip = SyntheticDataset.of_options(options, 3), make_clip(2, options)
    sample = data.sample(2, pairs=(1, 4))
    assert np.array_equal(sample.frames, clip.frames)
    assert np.array_equal(sample.flow[1], clip.flow(4))
    assert sample.label == clip.label5_casme
    assert sample.subject == str(clip.identity) == data.subject(2)
    assert np.array_equal(sample.face, clip.flow_mask(1) & clip.flow_mask(4))


def test_a_cache_gives_what_making_anew_gives(tmp_path):
    options = SyntheticOptions()
    cached = CachedClips(options, 2, "casme5", 2, tmp_path, workers=1, quiet=True)
    made = SyntheticDataset.of_options(options, 2)
    for index in range(2):
        one = cached.sample(index)
        other = made.sample(index, pairs=one.pairs)
        assert len(one.pairs) == 2
        assert np.array_equal(one.frames, other.frames)
        assert np.array_equal(one.landmarks, other.landmarks)
        assert np.abs(one.flow - other.flow).max() < 4e-3
        assert np.array_equal(one.face, other.face)
        assert (one.label, one.subject, one.video) == (other.label, other.subject, other.video)
        assert cached.label_in(index, "classes3") == made.label_in(index, "classes3")
    sent = pickle.dumps(cached)
    assert len(sent) < 5000
    assert np.array_equal(pickle.loads(sent).sample(1).frames, made.sample(1).frames)
    missing = next(pair for pair in range(7) if pair not in cached.known_pairs(0))
    with pytest.raises(OptionError, match=r"data\.pairs"):
        cached.sample(0, pairs=(missing,))
    # What was made is not made again, and an interrupted filling goes on.
    (folder,) = tmp_path.iterdir()
    done = np.lib.format.open_memmap(folder / "done.npy", mode="r+")
    frames = np.lib.format.open_memmap(folder / "frames.npy", mode="r+")
    done[1], frames[:] = False, 7
    done.flush()
    frames.flush()
    again = CachedClips(options, 2, "casme5", 2, tmp_path, workers=1, quiet=True)
    assert (again.sample(0).frames == 7).all()
    assert np.array_equal(again.sample(1).frames, made.sample(1).frames)


def test_no_identity_is_in_two_splits():
    subjects = [
        {
            SyntheticDataset.of_options(SyntheticOptions(split=split), 12).subject(i)
            for i in range(9)
        }
        for split in ("train", "validation", "eval")
    ]
    assert all(len(found) > 6 for found in subjects)
    assert len(set.union(*subjects)) == sum(map(len, subjects))


def test_whole_subjects_are_held_out():
    data = TextureDataset(20, subjects=5)
    train, validation = split_subjects(data, 0.3, seed=1)
    names = [{part.subject(i) for i in range(len(part))} for part in (train, validation)]
    assert len(names[1]) == 2
    assert not names[0] & names[1]
    assert len(train) + len(validation) == 20
    assert split_subjects(data, 0.3, seed=1)[1].indices == validation.indices
    with pytest.raises(InputError, match="two subjects"):
        split_subjects(TextureDataset(4, subjects=1), 0.3, seed=1)


def test_splits_of_a_texture_differ():
    splits = open_splits(DataOptions(kind="texture", train=3, validation=2))
    assert (len(splits.train), len(splits.validation)) == (3, 2)
    assert not np.array_equal(splits.train.sample(0).frames, splits.validation.sample(0).frames)


def test_evaluation_data(tmp_path):
    options = DataOptions(evaluation=2, cache=None)
    data = open_evaluation("synthetic", CASME5, options)
    assert tuple(data.labels) == CASME5
    assert int(data.subject(0)) >= 1_000_000
    with pytest.raises(OptionError, match="class sets"):
        open_evaluation("synthetic", ("a", "b"), options)
    with pytest.raises(InputError, match="--data"):
        open_evaluation(str(tmp_path / "none"), CASME5)


def test_wrong_options_of_clips_are_named():
    with pytest.raises(OptionError, match="colour"):
        open_splits(DataOptions(options={"colour": 1}, cache=None))


def test_stills_need_a_cache():
    with pytest.raises(OptionError, match=r"data\.cache"):
        open_splits(DataOptions(stills=3, cache=None))
