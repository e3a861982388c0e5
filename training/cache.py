"""Synthetic samples kept on disk, memory-mapped; made once, in parallel, and resumable."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import training.synthetic as synthetic
from mol_edge.errors import OutputError
from training.model.config import CROP, FRAMES, PAIRS, POINTS
from training.synthetic import SyntheticOptions, make_clip, make_still
from training.synthetic.labels import EMOTIONS
from training.threads import one_thread_each

Arrays = Mapping[str, NDArray[Any]]
_CHUNK = 16


@dataclass(frozen=True)
class CacheSpec:
    """What a cache holds.

    Attributes:
        kind: ``clips`` or ``stills``.
        count: samples; their seeds are 0 to count - 1.
        pairs: pairs of each clip whose flow is kept; which ones, the seed decides.
        options: how samples are made.
    """

    kind: str
    count: int
    pairs: int
    options: SyntheticOptions

    @property
    def key(self) -> str:
        """Digest of all this and of the generator's source: another generator, another cache."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode())
        for path in sorted(Path(synthetic.__file__).parent.glob("*.py")):
            digest.update(path.read_bytes())
        return digest.hexdigest()[:12]

    @property
    def shapes(self) -> dict[str, tuple[tuple[int, ...], type[np.generic]]]:
        """Shape of one sample's entry and type of each array."""
        if self.kind == "stills":
            return {
                "frames": ((CROP, CROP), np.uint8),
                "landmarks": ((POINTS, 2), np.float32),
                "done": ((), np.bool_),
            }
        return {
            "frames": ((FRAMES, CROP, CROP), np.uint8),
            "landmarks": ((FRAMES, POINTS, 2), np.float32),
            "flow": ((self.pairs, 2, CROP, CROP), np.float16),
            "pairs": ((self.pairs,), np.int8),
            "face": ((CROP * CROP // 8,), np.uint8),
            "emotion": ((), np.int8),
            "identity": ((), np.int64),
            "done": ((), np.bool_),
        }


def chosen_pairs(seed: int, count: int) -> tuple[int, ...]:
    """The pairs of the clip with this seed whose flow is kept, ascending."""
    drawn = np.random.default_rng([0x9A125, seed]).choice(PAIRS, count, replace=False)
    return tuple(sorted(int(pair) for pair in drawn))


def open_cache(folder: Path, spec: CacheSpec, workers: int = 0, quiet: bool = False) -> Arrays:
    """The samples of a spec, read-only and memory-mapped; what is missing is made first.

    Args:
        folder: holds one folder per spec.
        spec: what is wanted.
        workers: processes that make samples; 0 takes all cores.
        quiet: show no progress bar.

    Raises:
        OutputError: the folder cannot be written to.
    """
    home = folder / f"{spec.kind}-{spec.options.split}-{spec.count}-{spec.key}"
    try:
        arrays = _open(home, spec)
    except OSError as error:
        raise OutputError(
            f"The cache {home} must be writable, and is not ({error}): name another folder."
        ) from None
    missing = np.flatnonzero(~arrays["done"])
    if len(missing):
        _fill(home, spec, missing, workers or os.cpu_count() or 1, quiet)
    return _open(home, spec, "r")


def _open(home: Path, spec: CacheSpec, mode: Literal["r"] | None = None) -> Arrays:
    home.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, NDArray[Any]] = {}
    for name, (shape, kind) in spec.shapes.items():
        path = home / f"{name}.npy"
        if path.is_file():
            arrays[name] = np.lib.format.open_memmap(path, mode=mode or "r+")
        else:
            arrays[name] = np.lib.format.open_memmap(
                path, mode="w+", dtype=kind, shape=(spec.count, *shape)
            )
    return arrays


def _fill(
    home: Path, spec: CacheSpec, missing: NDArray[np.intp], workers: int, quiet: bool
) -> None:
    chunks = [missing[i : i + _CHUNK].tolist() for i in range(0, len(missing), _CHUNK)]
    # A forked child would inherit PyTorch's threads in an unknown state.
    context = multiprocessing.get_context("spawn")
    label = f"{spec.options.split} {spec.kind}"
    bar = tqdm(total=len(missing), desc=label, unit=spec.kind[:-1], disable=quiet, smoothing=0.02)
    with bar, ProcessPoolExecutor(min(workers, len(chunks)), context) as pool:
        # The pool starts its workers as tasks come in. Each has a core: a second thread of its
        # matrix products would only spin.
        with one_thread_each():
            tasks = [pool.submit(_make, home, spec, chunk) for chunk in chunks]
        for task in as_completed(tasks):
            bar.update(task.result())


def _make(home: Path, spec: CacheSpec, seeds: list[int]) -> int:
    import cv2

    cv2.setNumThreads(1)
    arrays = _open(home, spec)
    make: Callable[[int, CacheSpec], dict[str, Any]] = _still if spec.kind == "stills" else _clip
    for seed in seeds:
        for name, value in make(seed, spec).items():
            arrays[name][seed] = value
        arrays["done"][seed] = True
    return len(seeds)


def _still(seed: int, spec: CacheSpec) -> dict[str, Any]:
    frame, landmarks = make_still(seed, spec.options)
    return {"frames": frame, "landmarks": landmarks}


def _clip(seed: int, spec: CacheSpec) -> dict[str, Any]:
    clip = make_clip(seed, spec.options)
    pairs = chosen_pairs(seed, spec.pairs)
    mask = np.logical_and.reduce([clip.flow_mask(pair) for pair in pairs])
    return {
        "frames": clip.frames,
        "landmarks": clip.landmarks,
        "flow": np.stack([clip.flow(pair) for pair in pairs]),
        "pairs": pairs,
        "face": np.packbits(mask),
        "emotion": EMOTIONS.index(clip.emotion) if clip.emotion in EMOTIONS else -1,
        "identity": clip.identity,
    }
