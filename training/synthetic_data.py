"""Synthetic clips and stills as training and evaluation take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import OptionError
from training.cache import CacheSpec, open_cache
from training.model.config import CROP, PAIRS
from training.options import ClassSet
from training.samples import Sample
from training.synthetic import SyntheticClip, SyntheticOptions, make_clip
from training.synthetic.cache import open_clips
from training.synthetic.labels import CLASS_SETS, EMOTIONS


class SyntheticDataset:
    """Clips that a function gives by index: made anew, or read from a rendered set.

    Args:
        clips: the clip with an index.
        count: how many.
        classes: class set.
        name: begins the names of the videos.

    Example:
        >>> data = SyntheticDataset.of_options(SyntheticOptions(), 4)
        >>> data.sample(0, pairs=(3,)).flow.shape
        (1, 2, 128, 128)
    """

    def __init__(
        self,
        clips: Callable[[int], SyntheticClip],
        count: int,
        classes: ClassSet = "casme5",
        name: str = "clip",
    ) -> None:
        self._clips, self._count, self._name = clips, count, name
        self._labels, self._to_label = CLASS_SETS[classes]

    @classmethod
    def of_options(
        cls, options: SyntheticOptions, count: int, classes: ClassSet = "casme5"
    ) -> SyntheticDataset:
        """Clips with the seeds 0 to count - 1, made whenever they are asked for."""
        return cls(partial(make_clip, options=options), count, classes, options.split)

    @classmethod
    def of_folder(cls, folder: Path, classes: ClassSet = "casme5") -> SyntheticDataset:
        """A set that `python -m training.synthetic clips` rendered."""
        clips = open_clips(folder)
        return cls(clips.__getitem__, len(clips), classes, folder.name)

    @property
    def labels(self) -> Sequence[str]:
        """Class names."""
        return self._labels

    def __len__(self) -> int:
        return self._count

    def sample(self, index: int, epoch: int = 0, pairs: Sequence[int] | None = None) -> Sample:
        """One clip, the same in every epoch; see `training.samples.Dataset`."""
        clip = self._clips(index)
        wanted = tuple(range(PAIRS)) if pairs is None else tuple(pairs)
        flow = np.zeros((len(wanted), 2, CROP, CROP), np.float32)
        for row, pair in enumerate(wanted):
            flow[row] = clip.flow(pair)
        masks = [clip.flow_mask(pair) for pair in wanted] or [clip.face_mask]
        return Sample(
            clip.frames, clip.landmarks, wanted, flow, np.logical_and.reduce(masks),
            self._to_label(clip.emotion), str(clip.identity), f"{self._name}-{index}",
        )  # fmt: skip

    def subject(self, index: int) -> str:
        """The face's number."""
        return str(self._clips(index).identity)

    def label_in(self, index: int, classes: ClassSet) -> int | None:
        """Class of a clip in another class set."""
        return CLASS_SETS[classes][1](self._clips(index).emotion)


class CachedClips:
    """Clips with the seeds 0 to count - 1, kept on disk with the flow of some pairs.

    Args:
        options: what the clips look like; the split decides on identities, poses and cameras.
        count: clips.
        classes: class set.
        pairs: pairs of each clip whose flow is kept.
        cache: folder of the caches; this one is filled first where it is not complete.
        workers: processes that fill it; 0 takes all cores.
        quiet: show no progress bar.
    """

    def __init__(
        self,
        options: SyntheticOptions,
        count: int,
        classes: ClassSet,
        pairs: int,
        cache: Path,
        *,
        workers: int = 0,
        quiet: bool = False,
    ) -> None:
        self._split, self.alignment = options.split, options.alignment
        self._open = partial(open_cache, cache, CacheSpec("clips", count, pairs, options))
        self._labels, self._to_label = CLASS_SETS[classes]
        self._arrays = self._open(workers, quiet)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_arrays"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Another process maps the files itself: memory-mapped arrays would be sent in full.
        vars(self).update(state, _arrays=state["_open"](quiet=True))

    @property
    def labels(self) -> Sequence[str]:
        """Class names."""
        return self._labels

    def __len__(self) -> int:
        return len(self._arrays["frames"])

    def known_pairs(self, index: int) -> tuple[int, ...]:
        """The pairs whose flow is kept."""
        return tuple(int(pair) for pair in self._arrays["pairs"][index])

    def sample(self, index: int, epoch: int = 0, pairs: Sequence[int] | None = None) -> Sample:
        """One clip, the same in every epoch; its flow is float16.

        Raises:
            OptionError: the flow of a pair that is asked for was not kept.
        """
        arrays, known = self._arrays, self.known_pairs(index)
        wanted = known if pairs is None else tuple(pairs)
        if not set(wanted) <= set(known):
            raise OptionError(
                f"The cache has the flow of the pairs {known} of clip {index}, got {wanted}: ask "
                "for these, or raise data.pairs."
            )
        rows = [known.index(pair) for pair in wanted]
        emotion = int(arrays["emotion"][index])
        return Sample(
            frames=np.asarray(arrays["frames"][index]),
            landmarks=np.asarray(arrays["landmarks"][index]),
            pairs=wanted,
            flow=np.asarray(arrays["flow"][index][rows]).reshape(len(rows), 2, CROP, CROP),
            face=np.unpackbits(arrays["face"][index]).reshape(CROP, CROP).view(np.bool_),
            label=self._to_label(EMOTIONS[emotion]) if emotion >= 0 else None,
            subject=self.subject(index),
            video=f"{self._split}-{index}",
        )

    def subject(self, index: int) -> str:
        """The face's number."""
        return str(int(self._arrays["identity"][index]))

    def label_in(self, index: int, classes: ClassSet) -> int | None:
        """Class of a clip in another class set."""
        emotion = int(self._arrays["emotion"][index])
        return CLASS_SETS[classes][1](EMOTIONS[emotion]) if emotion >= 0 else None


class CachedStills:
    """Synthetic stills from a cache; see `training.loader.Stills`."""

    def __init__(
        self, options: SyntheticOptions, count: int, cache: Path, *, quiet: bool = False
    ) -> None:
        self._open = partial(open_cache, cache, CacheSpec("stills", count, 0, options))
        self._arrays = self._open(quiet=quiet)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_arrays"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _arrays=state["_open"](quiet=True))

    def __len__(self) -> int:
        return len(self._arrays["frames"])

    def still(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """One picture and its points."""
        arrays = self._arrays
        return np.asarray(arrays["frames"][index]), np.asarray(arrays["landmarks"][index])


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
