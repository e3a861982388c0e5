"""One face that is followed along a source."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mol_edge.alignment import Aligner
from mol_edge.engine import StreamEngine

Box = tuple[float, float, float, float]

# Between two frames a face moves less than half its width and hardly changes its size.
_LARGEST_SHIFT = 0.5
_LARGEST_GROWTH = 1.5


@dataclass
class FaceTrack:
    """What is kept of a face from frame to frame.

    Attributes:
        id: number of the track, from 0.
        box: left, top, width, height where the face was last seen.
        aligner: its transform along time.
        engine: its crops' features and windows.
    """

    id: int
    box: Box
    aligner: Aligner
    engine: StreamEngine

    def matches(self, box: Box) -> bool:
        """Whether a box is this face again, by where and how large it is."""
        shift = math.dist(_centre(self.box), _centre(box)) / max(self.box[2], box[2])
        growth = math.sqrt((box[2] * box[3]) / (self.box[2] * self.box[3]))
        return shift < _LARGEST_SHIFT and 1 / _LARGEST_GROWTH < growth < _LARGEST_GROWTH


def _centre(box: Box) -> tuple[float, float]:
    return box[0] + box[2] / 2, box[1] + box[3] / 2
