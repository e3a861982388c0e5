"""Rendered sets on disk: clips or stills made once, read at random by training.

A set is a folder of plain NumPy files: `frames.npy` (memory-mapped), `landmarks.npy`,
`truth.npy` with `offsets.npy` (see `packing`), `table.npz`, and `set.json` with what made it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from mol_edge.errors import InputError, OptionError
from training.synthetic.clip import SyntheticClip, make_clip
from training.synthetic.options import SyntheticOptions
from training.synthetic.packing import pack, unpack
from training.synthetic.photos import Photo, make_photo_clip
from training.synthetic.still import STILLS, make_still
from training.synthetic.workers import in_order

FORMAT = 1


def write_clips(
    folder: Path, count: int, seed: int = 0, options: SyntheticOptions | None = None,
    workers: int = 1, photos: list[Photo] | None = None,
) -> None:  # fmt: skip
    """Render clips seed, seed + 1, … into `folder`; the bytes do not depend on `workers`.

    Args:
        folder: is made; must not hold a set already.
        count: how many clips.
        seed: of the first clip.
        options: of all clips.
        workers: processes to use.
        photos: animate these instead of painted faces.

    Raises:
        OptionError: count below 1.
        InputError: the folder holds a set already.
    """
    options = options or SyntheticOptions()
    _prepare(folder, count)
    frames = open_memmap(folder / "frames.npy", "w+", np.uint8, (count, 8, 128, 128))
    landmarks = open_memmap(folder / "landmarks.npy", "w+", np.float32, (count, 8, 68, 2))
    make = partial(_clip, options=options, photos=photos)
    clips: list[SyntheticClip] = []
    vectors: list[NDArray[np.float64]] = []
    seeds = range(seed, seed + count)
    for i, clip in enumerate(in_order(make, seeds, count, workers, "clips")):
        frames[i], landmarks[i] = clip.frames, clip.landmarks
        vectors.append(pack(clip.truth))
        clips.append(_light(clip))
    frames.flush()
    landmarks.flush()
    np.save(folder / "truth.npy", np.concatenate(vectors))
    np.save(folder / "offsets.npy", np.cumsum([0, *(len(v) for v in vectors)]))
    _write_table(folder / "table.npz", clips)
    _describe(folder, "clips", count, seed, options)


def _clip(seed: int, options: SyntheticOptions, photos: list[Photo] | None) -> SyntheticClip:
    return make_photo_clip(photos, seed, options) if photos else make_clip(seed, options)


def _light(clip: SyntheticClip) -> SyntheticClip:
    """The clip without its pictures, so that a long set does not fill the memory."""
    empty = np.zeros((0, 128, 128), np.uint8)
    return SyntheticClip(empty, clip.landmarks[:0], clip.timestamps_ns, clip.emotion, clip.kind,
                         clip.aus, clip.amplitude, clip.identity, clip.truth)  # fmt: skip


def _write_table(path: Path, clips: list[SyntheticClip]) -> None:
    np.savez(
        path,
        timestamps_ns=np.stack([c.timestamps_ns for c in clips]),
        emotion=np.array([c.emotion for c in clips]),
        kind=np.array([c.kind for c in clips]),
        aus=np.array(["+".join(c.aus) for c in clips]),
        amplitude=np.array([c.amplitude for c in clips]),
        identity=np.array([c.identity for c in clips]),
    )


def write_stills(
    folder: Path, count: int, seed: int = 0, options: SyntheticOptions = STILLS, workers: int = 1
) -> None:
    """Render stills seed, seed + 1, … into `folder`: frames [n, 128, 128], landmarks [n, 68, 2].

    Raises:
        OptionError: count below 1.
        InputError: the folder holds a set already.
    """
    _prepare(folder, count)
    frames = open_memmap(folder / "frames.npy", "w+", np.uint8, (count, 128, 128))
    landmarks = open_memmap(folder / "landmarks.npy", "w+", np.float32, (count, 68, 2))
    make = partial(make_still, options=options)
    seeds = range(seed, seed + count)
    for i, (picture, points) in enumerate(in_order(make, seeds, count, workers, "stills")):
        frames[i], landmarks[i] = picture, points
    frames.flush()
    landmarks.flush()
    _describe(folder, "stills", count, seed, options)


def _prepare(folder: Path, count: int) -> None:
    if count < 1:
        raise OptionError(f"A set must hold 1 or more, got a count of {count}; give 1 or more.")
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "set.json").exists():
        raise InputError(
            f"The folder must be empty of other sets, got {folder} with a set.json; choose another."
        )


def _describe(folder: Path, kind: str, count: int, seed: int, options: SyntheticOptions) -> None:
    # Written last: a folder without it is an unfinished set.
    about = {"format": FORMAT, "kind": kind, "count": count, "seed": seed,
             "options": asdict(options)}  # fmt: skip
    (folder / "set.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class ClipSet:
    """A rendered set of clips; `set[i]` is a `SyntheticClip` as `make_clip` gave it.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> folder = Path(tempfile.mkdtemp()) / "clips"
        >>> write_clips(folder, 1)
        >>> open_clips(folder)[0].frames.shape
        (8, 128, 128)
    """

    folder: Path
    frames: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    truth: NDArray[np.float64]
    offsets: NDArray[np.int64]
    table: dict[str, NDArray[np.generic]]

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, i: int) -> SyntheticClip:
        row = {name: column[i] for name, column in self.table.items()}
        aus = str(row["aus"])
        return SyntheticClip(
            np.array(self.frames[i]), np.array(self.landmarks[i]),
            np.array(row["timestamps_ns"], np.int64), str(row["emotion"]), str(row["kind"]),
            tuple(aus.split("+")) if aus else (), float(row["amplitude"]), int(row["identity"]),
            unpack(np.array(self.truth[self.offsets[i] : self.offsets[i + 1]])),
        )  # fmt: skip


def open_clips(folder: Path) -> ClipSet:
    """Open a set of clips; pictures stay on disk until they are asked for.

    Raises:
        InputError: the folder holds no finished set of clips.
    """
    _check(folder, "clips")
    with np.load(folder / "table.npz") as archive:
        table = {name: archive[name] for name in archive.files}
    load = partial(np.load, mmap_mode="r")
    return ClipSet(folder, load(folder / "frames.npy"), load(folder / "landmarks.npy"),
                   load(folder / "truth.npy"), np.load(folder / "offsets.npy"), table)  # fmt: skip


def open_stills(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Frames [n, 128, 128] and landmarks [n, 68, 2] of a set of stills, memory-mapped.

    Raises:
        InputError: the folder holds no finished set of stills.
    """
    _check(folder, "stills")
    return (np.load(folder / "frames.npy", mmap_mode="r"),
            np.load(folder / "landmarks.npy", mmap_mode="r"))  # fmt: skip


def _check(folder: Path, kind: str) -> None:
    path = folder / "set.json"
    about = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if about.get("kind") != kind or about.get("format") != FORMAT:
        raise InputError(
            f"The folder must hold a finished set of {kind} of format {FORMAT}, got {folder}; "
            f"render one with `python -m training.synthetic {kind}`."
        )
