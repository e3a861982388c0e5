"""Batches, assembled ahead of training by threads or processes.

The batch of a step follows from the seed and the step alone: a resumed run sees what an
unbroken one would have, whatever the number of workers.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from training.augment import augment, augment_still
from training.config import FitConfig
from training.device import choose_device
from training.losses import NO_LABEL
from training.model.config import CROP, FRAMES, PAIRS, POINTS
from training.samples import Dataset, Sample

_ORDER, _STILLS, _SAMPLES = 1, 2, 3

Still: TypeAlias = tuple[NDArray[np.uint8], NDArray[np.float32]]
"""One picture [128, 128] and its points [68, 2]."""


class Stills(Protocol):
    """Single faces with landmarks, uint8 [128, 128] and float32 [68, 2] by index."""

    def __len__(self) -> int: ...

    def still(self, index: int) -> Still:
        """One picture and its points."""
        ...


class Batch(NamedTuple):
    """One step's samples.

    Attributes:
        frames: uint8 [B, 8, 128, 128].
        pairs: int64 [B, P].
        flow: float16 [B, P, 2, 128, 128].
        face: bool [B, 128, 128].
        landmarks: float32 [B, 8, 68, 2], NaN where unknown.
        labels: int64 [B].
        stills: uint8 [S, 128, 128].
        still_landmarks: float32 [S, 68, 2].
    """

    frames: Tensor
    pairs: Tensor
    flow: Tensor
    face: Tensor
    landmarks: Tensor
    labels: Tensor
    stills: Tensor
    still_landmarks: Tensor


def collate(samples: Sequence[Sample], pairs: int, stills: Sequence[Still] = ()) -> Batch:
    """Stack samples of 128 x 128 pixels whose flow is known for `pairs` pairs each."""
    count = len(samples)
    frames = np.empty((count, FRAMES, CROP, CROP), np.uint8)
    flow = np.zeros((count, pairs, 2, CROP, CROP), np.float16)
    chosen = np.zeros((count, pairs), np.int64)
    face = np.ones((count, CROP, CROP), np.bool_)
    points = np.full((count, FRAMES, POINTS, 2), np.nan, np.float32)
    labels = np.full(count, NO_LABEL, np.int64)
    for i, sample in enumerate(samples):
        frames[i] = sample.frames
        flow[i], chosen[i] = sample.flow[:pairs], sample.pairs[:pairs]
        if sample.face is not None:
            face[i] = sample.face
        if sample.landmarks is not None:
            points[i] = sample.landmarks
        if sample.label is not None:
            labels[i] = sample.label
    pictures = np.stack([s for s, _ in stills]) if stills else np.empty((0, CROP, CROP), np.uint8)
    marks = np.stack([p for _, p in stills]) if stills else np.empty((0, POINTS, 2), np.float32)
    arrays = (frames, chosen, flow, face, points, labels, pictures, marks)
    return Batch(*(torch.from_numpy(array) for array in arrays))


@dataclass(frozen=True)
class BatchMaker:
    """Makes the batch of any step.

    Attributes:
        config: the run.
        clips: training samples.
        stills: single faces, where the run uses them.
    """

    config: FitConfig
    clips: Dataset
    stills: Stills | None = None

    def __call__(self, step: int) -> Batch:
        """The batch of one step."""
        config = self.config
        phase = config.phase_at(step)[1]
        seed = config.run.seed
        samples = []
        for place in range(phase.batch):
            rng = np.random.default_rng([seed, _SAMPLES, step, place])
            epoch, index = self._draw(self._position(step) + place)
            pairs = self._pairs(index, phase.flow_pairs, rng)
            sample = self.clips.sample(index, epoch, pairs)
            samples.append(augment(sample, config.augment, rng))
        return collate(samples, phase.flow_pairs, self._stills(step, phase.stills))

    def _position(self, step: int) -> int:
        """How many clips were drawn before this step."""
        before = start = 0
        for phase in self.config.phases:
            if step < start + phase.steps:
                return before + (step - start) * phase.batch
            before += phase.steps * phase.batch
            start += phase.steps
        return before

    def _draw(self, position: int) -> tuple[int, int]:
        epoch, place = divmod(position, len(self.clips))
        return epoch, int(self._order(epoch)[place])

    def _order(self, epoch: int) -> NDArray[np.int64]:
        return _permutation(self.config.run.seed, epoch, len(self.clips))

    def _pairs(self, index: int, count: int, rng: np.random.Generator) -> tuple[int, ...]:
        known = getattr(self.clips, "known_pairs", None)
        choices = range(PAIRS) if known is None else known(index)
        drawn = rng.choice(np.asarray(choices), min(count, len(choices)), replace=False)
        return tuple(sorted(int(pair) for pair in drawn))

    def _stills(self, step: int, count: int) -> list[Still]:
        if count == 0 or self.stills is None:
            return []
        rng = np.random.default_rng([self.config.run.seed, _STILLS, step])
        chosen = rng.integers(len(self.stills), size=count)
        return [augment_still(*self.stills.still(int(i)), self.config.augment, rng) for i in chosen]


@lru_cache(maxsize=2)
def _permutation(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, _ORDER, epoch]).permutation(count)


class Prefetcher:
    """The batches of steps `start` to `stop`, in order, made by threads or processes ahead.

    Threads suffice where samples come from a cache: OpenCV and the copies leave the GIL.

    Attributes:
        waited_s: how long `__iter__` had to wait for batches.
    """

    def __init__(self, maker: BatchMaker, start: int, stop: int) -> None:
        self.waited_s = 0.0
        self._maker, self._steps = maker, range(start, stop)

    def __iter__(self) -> Iterator[Batch]:
        run = self._maker.config.run
        batches = self._processes() if run.processes else self._threads(run.workers, run.prefetch)
        try:
            while True:
                began = time.perf_counter()
                batch = next(batches, None)
                self.waited_s += time.perf_counter() - began
                if batch is None:
                    return
                yield batch
        finally:
            batches.close()

    def _threads(self, workers: int, ahead: int) -> Generator[Batch, None, None]:
        pool = ThreadPoolExecutor(workers, "batches")
        waiting: deque[Future[Batch]] = deque()
        try:
            for step in self._steps:
                waiting.append(pool.submit(self._maker, step))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _processes(self) -> Generator[Batch, None, None]:
        run = self._maker.config.run
        steps = _Steps(self._maker, self._steps)
        loader = DataLoader(
            steps, batch_size=None, shuffle=False, num_workers=run.workers,
            prefetch_factor=max(1, run.prefetch // run.workers),
            pin_memory=choose_device(run.device).type == "cuda", worker_init_fn=_one_thread,
            # A forked child would inherit PyTorch's threads in an unknown state.
            multiprocessing_context="spawn",
        )  # fmt: skip
        yield from map(Batch._make, loader)


class _Steps(TorchDataset[Batch]):
    def __init__(self, maker: BatchMaker, steps: range) -> None:
        self._maker, self._range = maker, steps

    def __len__(self) -> int:
        return len(self._range)

    def __getitem__(self, index: int) -> Batch:
        return self._maker(self._range[index])


def _one_thread(_: int) -> None:
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
