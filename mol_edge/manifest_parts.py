"""The parts of a manifest that are small objects of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mol_edge._fields import check, is_integer, is_number

ALIGNED_SIZE, CROP_SIZE, CROP_OFFSET = 144, 128, 8

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ModelInfo:
    """Configuration of the network (see `training.model.MolConfig`).

    Attributes:
        classes: number of classes.
        neighbours: k of the nearest neighbours in a CCC block.
        graph: what the nodes of CCC's graph are.
        flow_width: width of the flow head relative to the paper's.
        landmark_channels: channels of the landmark head's convolution.
        landmark_hidden: width of the landmark head's hidden layer.
    """

    classes: int
    neighbours: int = 4
    graph: Literal["positions", "channels"] = "positions"
    flow_width: float = 1.0
    landmark_channels: int = 32
    landmark_hidden: int = 512

    def __post_init__(self) -> None:
        check("classes", is_integer(self.classes, 2), "an integer from 2", self.classes)
        for name in ("neighbours", "landmark_channels", "landmark_hidden"):
            value = getattr(self, name)
            check(name, is_integer(value, 1), "an integer from 1", value)
        fits = self.graph in ("positions", "channels")
        check("graph", fits, "'positions' or 'channels'", self.graph)
        fits = is_number(self.flow_width) and self.flow_width > 0
        check("flow_width", fits, "a number above 0", self.flow_width)


@dataclass(frozen=True)
class Normalisation:
    """Constants of the training set: a crop is (luma - mean) / scale, luma in 0 to 255."""

    mean: float
    scale: float

    def __post_init__(self) -> None:
        check("mean", is_number(self.mean), "a number", self.mean)
        fits = is_number(self.scale) and self.scale > 0
        check("scale", fits, "a number above 0", self.scale)


@dataclass(frozen=True)
class Alignment:
    """How faces were aligned in training.

    Attributes:
        mode: ``per_frame``, one transform per frame from its own points; ``anchored``, one
            transform from points averaged over several frames.
        size: side of the aligned face, pixels.
        crop: side of the crop that the network sees, pixels.
        offset: left and top of the crop in the aligned face, pixels.
    """

    mode: Literal["per_frame", "anchored"] = "per_frame"
    size: int = ALIGNED_SIZE
    crop: int = CROP_SIZE
    offset: int = CROP_OFFSET

    def __post_init__(self) -> None:
        fits = self.mode in ("per_frame", "anchored")
        check("mode", fits, "'per_frame' or 'anchored'", self.mode)
        for name, wanted in (("size", ALIGNED_SIZE), ("crop", CROP_SIZE), ("offset", CROP_OFFSET)):
            value = getattr(self, name)
            check(name, is_integer(value, 0) and value == wanted, str(wanted), value)


@dataclass(frozen=True)
class FileInfo:
    """Size in bytes and SHA-256 (64 hexadecimal digits, lower case) of a file."""

    bytes: int
    sha256: str

    def __post_init__(self) -> None:
        check("bytes", is_integer(self.bytes, 0), "an integer from 0", self.bytes)
        fits = isinstance(self.sha256, str) and _SHA256.fullmatch(self.sha256) is not None
        check("sha256", fits, "64 lower-case hexadecimal digits", self.sha256)
