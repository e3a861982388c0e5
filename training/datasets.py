"""The datasets of a run: synthetic clips and stills, prepared real ones, or moving textures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import InputError, OptionError
from training.cache import CacheSpec, open_cache
from training.config import ClassSet, DataOptions
from training.loader import Stills
from training.model.config import CROP, FRAMES, PAIRS, POINTS
from training.samples import Dataset, Sample
from training.synthetic import STILLS, SyntheticOptions, make_clip
from training.synthetic.labels import CLASS_SETS, EMOTIONS

if TYPE_CHECKING:
    from training.data import PreparedDataset


@dataclass(frozen=True)
class Splits:
    """Training and validation data, no subject in both; `stills` where the run has them."""

    train: Dataset
    validation: Dataset
    stills: Stills | None = None


class SyntheticDataset:
    """Synthetic clips by seed, from a cache or made anew.

    Args:
        options: what the clips look like; the split decides on identities, poses and cameras.
        count: clips; their seeds are 0 to count - 1.
        classes: class set.
        pairs: pairs kept in the cache.
        cache: its folder; None makes each clip when it is asked for.
        workers: processes that fill the cache.
        quiet: show no progress bar.

    Example:
        >>> SyntheticDataset(SyntheticOptions(), 4).sample(0, pairs=(3,)).flow.shape
        (1, 2, 128, 128)
    """

    def __init__(
        self,
        options: SyntheticOptions,
        count: int,
        classes: ClassSet = "casme5",
        pairs: int = PAIRS,
        cache: Path | None = None,
        *,
        workers: int = 0,
        quiet: bool = False,
    ) -> None:
        self._options, self._count = options, count
        self._labels, self._to_label = CLASS_SETS[classes]
        self._arrays = None
        if cache is not None:
            spec = CacheSpec("clips", count, pairs, options)
            self._arrays = open_cache(cache, spec, workers, quiet)

    @property
    def labels(self) -> Sequence[str]:
        """Class names."""
        return self._labels

    def __len__(self) -> int:
        return self._count

    def known_pairs(self, index: int) -> tuple[int, ...]:
        """The pairs whose flow is at hand."""
        if self._arrays is None:
            return tuple(range(PAIRS))
        return tuple(int(pair) for pair in self._arrays["pairs"][index])

    def sample(self, index: int, epoch: int = 0, pairs: Sequence[int] | None = None) -> Sample:
        """The clip with seed `index`, the same in every epoch; see `training.samples.Dataset`."""
        wanted = self.known_pairs(index) if pairs is None else tuple(pairs)
        if self._arrays is None:
            return self._made(index, wanted)
        arrays = self._arrays
        rows = [self.known_pairs(index).index(pair) for pair in wanted]
        emotion = int(arrays["emotion"][index])
        return Sample(
            frames=np.asarray(arrays["frames"][index]),
            landmarks=np.asarray(arrays["landmarks"][index]),
            pairs=wanted,
            flow=np.asarray(arrays["flow"][index][rows]).reshape(len(rows), 2, CROP, CROP),
            face=np.unpackbits(arrays["face"][index]).reshape(CROP, CROP).view(np.bool_),
            label=self._to_label(EMOTIONS[emotion]) if emotion >= 0 else None,
            subject=self.subject(index),
            video=f"{self._options.split}-{index}",
        )

    def subject(self, index: int) -> str:
        """The face's number."""
        if self._arrays is not None:
            return str(int(self._arrays["identity"][index]))
        from training.synthetic.plan import plan_clip

        return str(plan_clip(index, self._options).identity.number)

    def _made(self, index: int, pairs: tuple[int, ...]) -> Sample:
        clip = make_clip(index, self._options)
        flow = np.zeros((len(pairs), 2, CROP, CROP), np.float32)
        for row, pair in enumerate(pairs):
            flow[row] = clip.flow(pair)
        masks = [clip.flow_mask(pair) for pair in pairs] or [clip.face_mask]
        return Sample(
            clip.frames, clip.landmarks, pairs, flow, np.logical_and.reduce(masks),
            self._to_label(clip.emotion), str(clip.identity), f"{self._options.split}-{index}",
        )  # fmt: skip


class CachedStills:
    """Synthetic stills from a cache; see `training.loader.Stills`."""

    def __init__(
        self, options: SyntheticOptions, count: int, cache: Path, *, quiet: bool = False
    ) -> None:
        self._arrays = open_cache(cache, CacheSpec("stills", count, 0, options), quiet=quiet)

    def __len__(self) -> int:
        return len(self._arrays["frames"])

    def still(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """One picture and its points."""
        return np.asarray(self._arrays["frames"][index]), np.asarray(
            self._arrays["landmarks"][index]
        )


@dataclass(frozen=True)
class TextureDataset:
    """Smooth noise that drifts as a whole: tries the machinery where there are no faces.

    The class says which way it drifts; the landmarks are fixed marks that drift along.
    """

    count: int
    classes: int = 5
    first_seed: int = 0
    side: int = CROP
    subjects: int = 4
    labels: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(f"way {c}" for c in range(self.classes)))

    def __len__(self) -> int:
        return self.count

    def subject(self, index: int) -> str:
        """One of a few names."""
        return f"texture {(self.first_seed + index) % self.subjects}"

    def sample(self, index: int, epoch: int = 0, pairs: Sequence[int] | None = None) -> Sample:
        """See `training.samples.Dataset`."""
        import cv2

        rng = np.random.default_rng([0x7E87, self.first_seed + index])
        label = int(rng.integers(self.classes))
        angle = 2 * np.pi * label / self.classes
        speed = rng.uniform(0.2, 0.6)
        step = speed * np.array([np.cos(angle), np.sin(angle)])
        wide = self.side + 16
        texture = cv2.GaussianBlur(rng.normal(0, 1, (wide, wide)), (0, 0), 3)
        texture = 128 + 40 * texture / texture.std()
        frames = np.empty((FRAMES, self.side, self.side), np.uint8)
        marks = np.empty((FRAMES, POINTS, 2), np.float32)
        ring = 2 * np.pi * np.arange(POINTS) / POINTS
        start = self.side / 2 + 0.3 * self.side * np.stack([np.cos(ring), np.sin(ring)], 1)
        for t in range(FRAMES):
            matrix = np.array([[1.0, 0, t * step[0] - 8], [0, 1.0, t * step[1] - 8]])
            moved = cv2.warpAffine(texture, matrix, (self.side, self.side), flags=cv2.INTER_CUBIC)
            frames[t] = np.clip(np.rint(moved), 0, 255)
            marks[t] = start + t * step
        wanted = tuple(range(PAIRS)) if pairs is None else tuple(pairs)
        flow = np.broadcast_to(
            step.astype(np.float32)[None, :, None, None], (len(wanted), 2, self.side, self.side)
        )
        video = f"texture-{self.first_seed + index}"
        return Sample(frames, marks, wanted, flow, None, label, self.subject(index), video)


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


def split_subjects(data: Dataset, share: float, seed: int) -> tuple[Subset, Subset]:
    """Training and validation parts of a dataset; whole subjects go to one of the two.

    Raises:
        InputError: fewer than two subjects.
    """
    by_subject: dict[str, list[int]] = {}
    for index in range(len(data)):
        by_subject.setdefault(data.subject(index), []).append(index)
    names = sorted(by_subject)
    if len(names) < 2:
        raise InputError(
            f"Training needs at least two subjects, one of them to choose the checkpoint on, "
            f"got {len(names)}: add subjects."
        )
    order = np.random.default_rng([0x5EB, seed]).permutation(len(names))
    held = {names[i] for i in order[: min(len(names) - 1, max(1, round(share * len(names))))]}
    kept = [i for n in names if n not in held for i in by_subject[n]]
    out = [i for n in sorted(held) for i in by_subject[n]]
    return Subset(data, tuple(kept)), Subset(data, tuple(out))


def synthetic_options(values: Mapping[str, Any], split: str) -> SyntheticOptions:
    """The options of a configuration's table for one split.

    Raises:
        OptionError: a name or a value that `SyntheticOptions` does not take.
    """
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    try:
        return SyntheticOptions(**{**given, "split": split})
    except TypeError as error:
        raise OptionError(
            f"The options of synthetic data must be fields of SyntheticOptions ({error}): "
            "correct them."
        ) from None


def open_splits(options: DataOptions, seed: int = 0, *, quiet: bool = False) -> Splits:
    """The data of a run, made or read as the options say."""
    if options.kind == "texture":
        classes = 3 if options.classes == "classes3" else 5
        train = TextureDataset(options.train, classes)
        return Splits(train, TextureDataset(options.validation, classes, 1_000_000))
    if options.kind == "prepared":
        data = open_prepared(Path(str(options.folder)))
        return Splits(*split_subjects(data, options.validation_subjects, seed))
    cache = None if options.cache is None else Path(options.cache)
    parts = []
    for split, count in (("train", options.train), ("validation", options.validation)):
        clip_options = synthetic_options(options.options, split)
        parts.append(
            SyntheticDataset(
                clip_options, count, options.classes, options.pairs, cache, quiet=quiet
            )
        )
    stills = None
    if options.stills and cache is not None:
        base = {k: getattr(STILLS, k) for k in ("pose_degrees", "scale", "jitter")}
        still_options = synthetic_options({**base, **options.still_options}, "train")
        stills = CachedStills(still_options, options.stills, cache, quiet=quiet)
    return Splits(parts[0], parts[1], stills)


def open_prepared(folder: Path) -> PreparedDataset:
    """What `python -m training.data prepare` made of CASME II, SAMM or SMIC."""
    from training.data import PreparedDataset

    return PreparedDataset(folder)
