"""Which data a run trains on, is validated on, and is evaluated on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mol_edge.errors import InputError, OptionError
from training.loader import Stills
from training.model.config import PAIRS
from training.options import ClassSet, DataOptions
from training.samples import Dataset, Sample
from training.synthetic import STILLS
from training.synthetic.labels import CLASS_SETS
from training.synthetic_data import (
    CachedClips,
    CachedStills,
    SyntheticDataset,
    synthetic_options,
)
from training.texture import TextureDataset

if TYPE_CHECKING:
    from training.data import PreparedDataset

_VALIDATION_TEXTURES, _EVALUATION_TEXTURES = 1_000_000, 2_000_000


@dataclass(frozen=True)
class Splits:
    """Training and validation data, no subject in both; `stills` where the run has them."""

    train: Dataset
    validation: Dataset
    stills: Stills | None = None


@dataclass(frozen=True)
class Subset:
    """Some samples of a dataset, by index."""

    base: Dataset
    indices: tuple[int, ...]

    @property
    def labels(self) -> Sequence[str]:
        """Class names."""
        return self.base.labels

    def __len__(self) -> int:
        return len(self.indices)

    def sample(self, index: int, epoch: int = 0, pairs: Sequence[int] | None = None) -> Sample:
        """See `training.samples.Dataset`."""
        return self.base.sample(self.indices[index], epoch, pairs)

    def subject(self, index: int) -> str:
        """Subject of a sample, without making it."""
        return self.base.subject(self.indices[index])

    def known_pairs(self, index: int) -> Sequence[int]:
        """The pairs whose flow is at hand."""
        known = getattr(self.base, "known_pairs", None)
        return range(PAIRS) if known is None else known(self.indices[index])


def alignment_of(data: Dataset) -> str:
    """How the faces of a dataset were aligned; ``anchored`` where it does not say."""
    while isinstance(data, Subset):
        data = data.base
    return str(getattr(data, "alignment", "anchored"))


def by_subject(data: Dataset) -> dict[str, list[int]]:
    """Indices of each subject's samples, subjects in the order of their names."""
    found: dict[str, list[int]] = {}
    for index in range(len(data)):
        found.setdefault(data.subject(index), []).append(index)
    return dict(sorted(found.items()))


def split_subjects(data: Dataset, share: float, seed: int) -> tuple[Subset, Subset]:
    """Training and validation parts of a dataset; whole subjects go to one of the two.

    Raises:
        InputError: fewer than two subjects.
    """
    subjects = by_subject(data)
    names = list(subjects)
    if len(names) < 2:
        raise InputError(
            f"Training needs at least two subjects, one of them to choose the checkpoint on, "
            f"got {len(names)}: add subjects."
        )
    order = np.random.default_rng([0x5EB, seed]).permutation(len(names))
    count = min(len(names) - 1, max(1, round(share * len(names))))
    held = {names[i] for i in order[:count]}
    kept = tuple(i for name in names if name not in held for i in subjects[name])
    return Subset(data, kept), Subset(data, tuple(i for n in sorted(held) for i in subjects[n]))


def open_splits(options: DataOptions, seed: int = 0, *, quiet: bool = False) -> Splits:
    """The data of a run, made or read as the options say."""
    if options.kind == "synthetic":
        parts = [_clips(options, split, quiet) for split in ("train", "validation")]
        return Splits(parts[0], parts[1], _stills(options, quiet))
    if options.kind == "texture":
        train = TextureDataset(options.train, _texture_classes(options))
        first = _VALIDATION_TEXTURES
        return Splits(train, TextureDataset(options.validation, train.classes, first))
    return Splits(*split_subjects(whole(options), options.validation_subjects, seed))


def whole(options: DataOptions) -> Dataset:
    """All samples of a run's data with their subjects, as leave-one-subject-out takes them."""
    if options.kind == "prepared":
        return open_prepared(Path(str(options.folder)))
    if options.kind == "texture":
        return TextureDataset(options.train, _texture_classes(options))
    return _clips(options, "train", quiet=False)


def _texture_classes(options: DataOptions) -> int:
    return 3 if options.classes == "classes3" else 5


def _clips(options: DataOptions, split: str, quiet: bool) -> Dataset:
    count = {"train": options.train, "validation": options.validation}.get(
        split, options.evaluation
    )
    clip_options = synthetic_options(options.options, split)
    if options.cache is None:
        return SyntheticDataset.of_options(clip_options, count, options.classes)
    cache = Path(options.cache)
    return CachedClips(clip_options, count, options.classes, options.pairs, cache, quiet=quiet)


def _stills(options: DataOptions, quiet: bool) -> Stills | None:
    if not options.stills:
        return None
    if options.cache is None:
        raise OptionError("data.cache must be a folder where data.stills is above 0, got none.")
    # Stills are more varied than clips unless the configuration says otherwise.
    base = {name: getattr(STILLS, name) for name in ("pose_degrees", "scale", "jitter")}
    still_options = synthetic_options({**base, **options.still_options}, "train")
    return CachedStills(still_options, options.stills, Path(options.cache), quiet=quiet)


def open_evaluation(
    data: str,
    labels: Sequence[str],
    options: DataOptions | None = None,
    *,
    quiet: bool = False,
) -> Dataset:
    """The data that a model is evaluated on.

    Args:
        data: ``synthetic`` for clips of the evaluation split, ``texture``, a folder that
            `training.data` prepared, or one that `training.synthetic` rendered.
        labels: class names of the model, which decide on the class set of synthetic clips.
        options: count (`evaluation`), pairs, cache and clip options of synthetic data.
        quiet: show no progress bar.

    Raises:
        InputError: there is no such data.
        OptionError: synthetic clips have no class set with these names, or prepared ones others.
    """
    options = options or DataOptions()
    if data == "texture":
        return TextureDataset(options.evaluation, len(labels), _EVALUATION_TEXTURES)
    folder = Path(data)
    if data != "synthetic" and not folder.is_dir():
        raise InputError(
            f"--data must be synthetic, or the folder of a prepared dataset or of a rendered set, "
            f"got {data!r}: check the path."
        )
    if data == "synthetic":
        return _clips(replace(options, classes=class_set_of(labels)), "eval", quiet)
    if (folder / "set.json").is_file():
        return SyntheticDataset.of_folder(folder, class_set_of(labels))
    prepared = open_prepared(folder)
    if tuple(prepared.labels) != tuple(labels):
        raise OptionError(
            f"The clips of {folder} must have the model's classes in their order, "
            f"{', '.join(labels)}, and have {', '.join(prepared.labels)}: prepare them with these."
        )
    return prepared


def open_folder(folder: Path) -> Dataset:
    """Clips that `training.data` prepared or `training.synthetic` rendered, of whatever classes.

    Raises:
        InputError: it is no such folder.
    """
    if (folder / "set.json").is_file():
        return SyntheticDataset.of_folder(folder, "casme5")
    return open_prepared(folder)


def class_set_of(labels: Sequence[str]) -> ClassSet:
    """The class set with these names, in this order."""
    for name, (names, _) in CLASS_SETS.items():
        if tuple(labels) == names:
            return name
    raise OptionError(
        f"Synthetic clips have the class sets {', '.join(CLASS_SETS)}, got a model with the "
        f"classes {', '.join(labels)}: evaluate it on data of its own."
    )


def open_prepared(folder: Path) -> PreparedDataset:
    """What `python -m training.data prepare` made of CASME II, SAMM or SMIC."""
    from training.data import PreparedDataset

    return PreparedDataset(folder)
