"""Pictures with a face, for what is measured around the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.bundle import Bundle
from mol_edge.check_set import CheckSet
from mol_edge.errors import BundleError, InputError
from mol_edge.face_shape import five_points
from mol_edge.frame import Frame
from mol_edge.sources import open_source

WIDTH, HEIGHT = 1280, 720
_ENLARGED = 2
_LEFT, _TOP = 512, 232


@dataclass(frozen=True)
class Scene:
    """A face in pictures of 1280 × 720, BGR, from a check set's clip.

    Attributes:
        images: uint8 [720, 1280, 3] each; played there and back, the face never jumps.
        points: float64 [5, 2], the face's alignment points in the pictures.
    """

    images: Sequence[NDArray[np.uint8]]
    points: NDArray[np.float64]

    def frames(self, period_ns: int) -> Iterator[Frame]:
        """An endless stream of the pictures, not copied."""
        order = [*range(len(self.images)), *range(len(self.images) - 2, 0, -1)]
        index = 0
        while True:
            image = self.images[order[index % len(order)]]
            yield Frame(image, index * period_ns, index)
            index += 1


def scene_of(bundle: Bundle) -> Scene:
    """The first clip of a bundle's check set, or of the demo bundle's, as a scene.

    Raises:
        BundleError: neither has a check set.

    Example:
        >>> scene = scene_of(Bundle.default())
        >>> scene.images[0].shape
        (720, 1280, 3)
    """
    check = CheckSet.of(bundle) or CheckSet.of(Bundle.default())
    if check is None:
        raise BundleError(
            f"A scene needs a check set, and neither the bundle {bundle.manifest.name} nor the "
            "demo bundle has one: name a video with --video."
        )
    images = [_placed(frame) for frame in check.frames[0]]
    points = five_points(check.landmarks[0, 0]) * _ENLARGED + (_LEFT, _TOP)
    return Scene(images, points)


def _placed(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A crop [128, 128], enlarged, in a picture of its own brightness."""
    scale = float(_ENLARGED)
    side = _core.CROP_SIZE * _ENLARGED
    columns = (np.arange(side) + 0.5) / scale - 0.5
    at = np.clip(columns, 0, _core.CROP_SIZE - 1)
    low = np.minimum(at.astype(np.intp), _core.CROP_SIZE - 2)
    part = at - low
    wide = crop[:, low] * (1 - part) + crop[:, low + 1] * part
    large = wide[low] * (1 - part)[:, None] + wide[low + 1] * part[:, None]
    gray = np.full((HEIGHT, WIDTH), np.median(crop), np.float64)
    gray[_TOP : _TOP + side, _LEFT : _LEFT + side] = large
    return np.repeat(np.rint(gray).astype(np.uint8)[:, :, None], 3, axis=2)


def video_frames(path: Path) -> Iterator[Frame]:
    """An endless stream of a video's frames, decoded as they are asked for; it begins anew.

    Raises:
        InputError: it cannot be read, or holds no frame.
    """
    index, shift_ns = 0, 0
    while True:
        newest_ns, period_ns, begun = 0, 33_333_333, index
        with open_source(path) as source:
            period_ns = source.period_ns or period_ns
            for frame in source:
                newest_ns = frame.timestamp_ns + shift_ns
                yield replace(frame, timestamp_ns=newest_ns, index=index)
                index += 1
        if index == begun:
            raise InputError(f"{path} must hold frames and gave none: name another video.")
        shift_ns = newest_ns + period_ns
