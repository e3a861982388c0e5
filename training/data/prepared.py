"""A prepared set as samples for training and evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import InputError, OptionError
from mol_edge.windows import PAIRS
from training.data.cache import DAMAGED, Entry, clip_file, flow_name, read_index
from training.data.options import Protocol
from training.data.sampling import Indices, clip_samples
from training.samples import Sample


class PreparedDataset:
    """Samples of a cache that `python -m training.data prepare` made.

    One index is one way to take 8 frames from one clip: each phase of the official protocol
    and the event protocol's one. Frames are the aligned 144 faces. Safe to use from several
    threads and to send to other processes: it holds no open file.

    Args:
        cache: folder of the cache.
        protocol: ``official``, ``event`` or ``both``, all that the cache holds by default.

    Raises:
        InputError: the cache is not there or not finished.
        OptionError: the cache was prepared for another protocol.

    Example:
        >>> from pathlib import Path
        >>> data = PreparedDataset(Path("cache/smic"))  # doctest: +SKIP
        >>> train, test = data.split("s1")  # doctest: +SKIP
        >>> test.sample(0).frames.shape  # doctest: +SKIP
        (8, 144, 144)
    """

    def __init__(self, cache: Path | str, protocol: Protocol | None = None) -> None:
        self._cache = Path(cache)
        self._index = read_index(self._cache)
        if not self._index.complete:
            raise InputError(
                f"The preparation of {self._cache} was stopped before its end: "
                "run the same `python -m training.data prepare` again, it goes on where it was."
            )
        protocol = protocol or self._index.protocol
        if self._index.protocol not in ("both", protocol):
            raise OptionError(
                f"The cache {self._cache} holds the {self._index.protocol} protocol, got "
                f"{protocol!r}: prepare it again with --protocol both."
            )
        self._samples = [
            (entry, sample)
            for entry in self._index.clips
            for sample in clip_samples(entry.frames, protocol)
        ]

    @property
    def labels(self) -> Sequence[str]:
        """Class names."""
        return self._index.labels

    @property
    def alignment(self) -> str:
        """How the faces were aligned: ``anchored`` or ``per_frame``."""
        return self._index.alignment

    def __len__(self) -> int:
        return len(self._samples)

    def subject(self, index: int) -> str:
        """Subject of a sample."""
        return self._samples[index][0].subject

    def label(self, index: int) -> int:
        """Class of a sample."""
        return self._samples[index][0].label

    def video(self, index: int) -> str:
        """Clip that a sample is taken from."""
        return self._samples[index][0].video

    def subjects(self) -> list[str]:
        """The subjects, sorted."""
        return sorted({entry.subject for entry, _ in self._samples})

    def split(self, subject: str) -> tuple[PreparedDataset, PreparedDataset]:
        """The samples of all other subjects, and those of this one.

        Raises:
            OptionError: there is no such subject.
        """
        if subject not in self.subjects():
            raise OptionError(
                f"A subject must be one of {', '.join(self.subjects())}, got {subject!r}."
            )
        return (
            self._where(lambda entry: entry.subject != subject),
            self._where(lambda entry: entry.subject == subject),
        )

    def _where(self, keep: Callable[[Entry], bool]) -> PreparedDataset:
        part = object.__new__(PreparedDataset)
        part._cache, part._index = self._cache, self._index
        part._samples = [(entry, sample) for entry, sample in self._samples if keep(entry)]
        return part

    def sample(self, index: int, epoch: int = 0, pairs: Sequence[int] | None = None) -> Sample:
        """One sample; the same for every epoch, since training crops and varies it.

        Args:
            index: 0 to len - 1.
            epoch: not used.
            pairs: pairs (0 to 6) whose flow is read, all by default.

        Raises:
            InputError: the clip's file is missing or damaged.
            OptionError: there is no such pair.
        """
        entry, indices = self._samples[index]
        wanted = tuple(range(PAIRS)) if pairs is None else tuple(pairs)
        if not all(0 <= pair < PAIRS for pair in wanted):
            raise OptionError(f"Pairs must be from 0 to {PAIRS - 1}, got {wanted}.")
        frames, landmarks, flow = self._read(entry, indices, wanted)
        return Sample(
            frames=frames,
            landmarks=landmarks,
            pairs=wanted,
            flow=flow,
            face=face_mask(landmarks, frames.shape[-1]),
            label=entry.label,
            subject=entry.subject,
            video=entry.video,
        )

    def _read(
        self, entry: Entry, indices: Indices, pairs: tuple[int, ...]
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
        file = clip_file(self._cache, entry.video)
        chosen = list(indices)
        try:
            with np.load(file, allow_pickle=False) as content:
                frames = content["frames"][chosen]
                landmarks = content["landmarks"][chosen]
                flow = [content[flow_name((indices[k], indices[k + 1]))] for k in pairs]
        except DAMAGED as error:
            raise InputError(
                f"{file} must be a prepared clip and cannot be read ({type(error).__name__}): "
                "remove it and prepare the set again."
            ) from None
        side = frames.shape[-1]
        stacked = np.asarray(flow, np.float32).reshape(len(pairs), 2, side, side)
        return frames, landmarks, stacked


def face_mask(landmarks: NDArray[np.float32], side: int) -> NDArray[np.bool_]:
    """Pixels [side, side] within the convex hull of all landmarks [8, 68, 2]."""
    import cv2

    mask = np.zeros((side, side), np.uint8)
    hull = cv2.convexHull(landmarks.reshape(-1, 2))
    cv2.fillConvexPoly(mask, np.round(hull).astype(np.int32), 1)
    return mask.astype(bool)
