"""A prepared set on disk: one .npz per clip and an index.

A clip's file holds `frames` uint8 [n, 144, 144], `landmarks` float32 [n, 68, 2] in pixels of
them, `transforms` float64 [n, 2, 3] from the frame's pixels, `flow_A_B` float16 [2, 144, 144]
of each pair that a sample needs, and `key`, which changes with whatever it was made from.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import InputError
from training.data.atomic import replacing, write_text
from training.data.options import Protocol

FORMAT = 1
INDEX = "index.json"
CLIPS = "clips"

Pair = tuple[int, int]

# What NumPy raises for an archive that is missing, cut short, altered or without an entry.
DAMAGED = (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Entry:
    """A clip as the index lists it."""

    video: str
    subject: str
    label: int
    emotion: str
    frames: int
    onset: int | None = None
    apex: int | None = None
    offset: int | None = None


@dataclass(frozen=True)
class Index:
    """What a cache holds and how it was made; `complete` once a preparation has ended."""

    dataset: str
    layout: str
    labels: tuple[str, ...]
    alignment: str
    protocol: Protocol
    landmarks: str
    complete: bool
    clips: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class PreparedClip:
    """The arrays of one clip, as the module's docstring lists them."""

    frames: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    transforms: NDArray[np.float64]
    flow: Mapping[Pair, NDArray[np.float16]]


def clip_file(cache: Path, video: str) -> Path:
    """Where a clip is kept."""
    return cache / CLIPS / f"{video}.npz"


def flow_name(pair: Pair) -> str:
    """Name of a pair's flow in a clip's file."""
    return f"flow_{pair[0]}_{pair[1]}"


def write_clip(file: Path, clip: PreparedClip, key: str) -> None:
    """Write a clip whole or not at all; uncompressed, since training reads it again and again."""
    flow = {flow_name(pair): value for pair, value in clip.flow.items()}
    with replacing(file) as out:
        np.savez(
            out,
            key=np.array(key),
            frames=clip.frames,
            landmarks=clip.landmarks,
            transforms=clip.transforms,
            **flow,  # type: ignore[arg-type]
        )


def is_current(file: Path, key: str) -> bool:
    """Whether the file holds a clip made from the same things."""
    try:
        with np.load(file, allow_pickle=False) as content:
            return str(content["key"]) == key
    except DAMAGED:
        return False


def write_index(cache: Path, index: Index) -> None:
    """Write `index.json` whole or not at all."""
    content = {"format": FORMAT, **asdict(index)}
    write_text(cache / INDEX, json.dumps(content, indent=1) + "\n")


def read_index(cache: Path) -> Index:
    """Read `index.json`.

    Raises:
        InputError: there is none, or it is not one of this version.
    """
    file = cache / INDEX
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if content.pop("format") != FORMAT:
            raise ValueError("another format")
        clips = tuple(Entry(**entry) for entry in content.pop("clips"))
        labels = tuple(content.pop("labels"))
        return Index(labels=labels, clips=clips, **content)
    except OSError:
        raise InputError(
            f"A prepared set has an {INDEX}, and {cache} has none: "
            "make it with `python -m training.data prepare`."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{file} is not an index of format {FORMAT} ({error}): prepare the set again."
        ) from None
