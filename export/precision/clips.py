"""Clips for calibration and for judging: rendered, rendered before, or from a folder of videos."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from export.precision.sources import SYNTHETIC as SYNTHETIC
from export.precision.sources import check_rendering, opened, videos_in
from export.precision.sources import check_sources as check_sources
from export.progress import counted
from mol_edge.errors import InputError
from mol_edge.manifest import Alignment, Normalisation

if TYPE_CHECKING:
    from training.samples import Dataset

log = logging.getLogger(__name__)

# Far from the seeds that training, evaluation and check sets begin with.
_CALIBRATION_SEED, _JUDGING_SEED = 3_000_000, 6_000_000
_PAIRS = (1, 5)


@dataclass(frozen=True)
class Clips:
    """Clips with what is known of them.

    Attributes:
        source: where they come from, in words.
        frames: uint8 luma of the crops [n, 8, 128, 128].
        labels: int64 [n], -1 where a clip has no class; None where nothing is known of any.
        landmarks: float32 [n, 8, 68, 2], crop pixels, or None.
        pairs: pairs whose flow is known.
        flow: float32 [n, pairs, 2, 128, 128], crop pixels, or None.
        moving: bool [n, pairs, 128, 128], where the face moves by itself, or None.
    """

    source: str
    frames: NDArray[np.uint8]
    labels: NDArray[np.int64] | None = None
    landmarks: NDArray[np.float32] | None = None
    pairs: tuple[int, ...] = ()
    flow: NDArray[np.float32] | None = None
    moving: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.frames)

    def part(self, which: slice) -> Clips:
        """Some of the clips."""

        def cut(array: Any) -> Any:
            return None if array is None else array[which]

        return Clips(
            self.source,
            self.frames[which],
            cut(self.labels),
            cut(self.landmarks),
            self.pairs,
            cut(self.flow),
            cut(self.moving),
        )

    def normalised(self, constants: Normalisation) -> NDArray[np.float32]:
        """The crops as the network takes them, float32 [n, 8, 128, 128]."""
        centred = self.frames.astype(np.float32) - np.float32(constants.mean)
        return centred / np.float32(constants.scale)

    def hashes(self) -> frozenset[str]:
        """SHA-256 of every frame's pixels."""
        flat = self.frames.reshape(-1, *self.frames.shape[2:])
        return frozenset(hashlib.sha256(frame.tobytes()).hexdigest() for frame in flat)


def check_apart(calibration: Clips, judging: Clips) -> None:
    """Refuse clips that share a frame; raises InputError."""
    shared = len(calibration.hashes() & judging.hashes())
    if shared:
        raise InputError(
            f"Calibration and evaluation must not share frames, and {shared} "
            f"{'frame is' if shared == 1 else 'frames are'} in both {calibration.source} and "
            f"{judging.source}: give one of them other clips."
        )


def open_calibration(data: str, labels: Sequence[str], count: int, alignment: Alignment) -> Clips:
    """Clips to calibrate with.

    Args:
        data: ``synthetic``, a folder of videos, or one that `training.data` or
            `training.synthetic` made.
        labels: class names of the model.
        count: clips to take, at most.
        alignment: how faces of videos are aligned.

    Raises:
        InputError: there is no such folder, or no face in it.
    """
    if data == SYNTHETIC or not Path(data).is_dir():
        return _rendered(data, labels, count, _CALIBRATION_SEED, "train")
    if videos := videos_in(data):
        from export.precision.videos import clips_of_videos

        clips = clips_of_videos(videos, count, alignment)
        tell_fewer(data, len(clips), count)
        return Clips(f"{len(clips)} clips of {len(videos)} videos in {Path(data).name}", clips)
    return _dataset(data, None, count)


def open_judging(data: str, labels: Sequence[str], count: int) -> Clips:
    """Clips with their truth, to judge a precision on; arguments and errors as above."""
    if data == SYNTHETIC or not Path(data).is_dir():
        return _rendered(data, labels, count, _JUDGING_SEED, "eval")
    return _dataset(data, labels, count)


def _rendered(
    data: str, labels: Sequence[str], count: int, seed: int, split: Literal["train", "eval"]
) -> Clips:
    check_rendering(data)
    from training.synthetic import SyntheticOptions, make_clip
    from training.synthetic.labels import CLASS_SETS
    from training.synthetic_data import SyntheticDataset

    options = SyntheticOptions(split=split)
    known = [name for name, (names, _) in CLASS_SETS.items() if tuple(labels) == names]
    dataset = SyntheticDataset(
        lambda index: make_clip(seed + index, options), count, known[0] if known else "casme5"
    )
    clips = _clips(f"{count} synthetic clips ({split}, from seed {seed})", dataset, count)
    return clips if known else Clips(**{**vars(clips), "labels": None})


def _dataset(data: str, labels: Sequence[str] | None, count: int) -> Clips:
    dataset = opened(data, labels)
    taken = min(count, len(dataset))
    tell_fewer(data, taken, count)
    return _clips(f"{taken} clips of {Path(data).name}", dataset, taken)


def tell_fewer(source: str, taken: int, wanted: int) -> None:
    """Say where a source has fewer clips than were asked for."""
    if taken < wanted:
        log.info("%s gives %d clips, and %d were asked for: all are taken.", source, taken, wanted)


def _clips(source: str, dataset: Dataset, count: int) -> Clips:
    """The first clips of a dataset, or, of more, clips spread over it."""
    from training.augment import middle
    from training.metrics import moving_pixels

    rows: dict[str, list[NDArray[np.generic]]] = {
        name: [] for name in ("frames", "landmarks", "flow", "moving")
    }
    labels: list[int] = []
    total = len(dataset)
    indices = np.linspace(0, total - 1, count).round().astype(int).tolist()
    for index in counted(indices, count):
        sample = middle(dataset.sample(index, 0, _PAIRS))
        rows["frames"].append(sample.frames)
        labels.append(-1 if sample.label is None else sample.label)
        if sample.landmarks is not None:
            rows["landmarks"].append(sample.landmarks.astype(np.float32))
        if sample.pairs == _PAIRS:
            flow = sample.flow.astype(np.float32)
            face = np.ones(flow.shape[-2:], bool) if sample.face is None else sample.face
            rows["flow"].append(flow)
            rows["moving"].append(np.stack([moving_pixels(pair, face) for pair in flow]))
    whole = {name: np.stack(each) if len(each) == count else None for name, each in rows.items()}
    return Clips(
        source=source,
        frames=whole["frames"],  # type: ignore[arg-type]
        labels=np.array(labels, np.int64),
        landmarks=whole["landmarks"],
        pairs=_PAIRS if whole["flow"] is not None else (),
        flow=whole["flow"],
        moving=whole["moving"],
    )
