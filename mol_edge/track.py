"""One face that is followed along a source."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.alignment import Aligner, Alignment, Look
from mol_edge.face_state import FaceLimits, eye_distance
from mol_edge.faces import Detection
from mol_edge.follow import Follower
from mol_edge.frame import Frame
from mol_edge.patches import Patches
from mol_edge.results import FaceState

Box = tuple[float, float, float, float]
Points = NDArray[np.float64]

# Between two frames a face moves less than half its width and hardly changes its size.
_LARGEST_SHIFT = 0.5
_LARGEST_GROWTH = 1.5
# How far, in parts of the eyes' distance, a detection may lie from where the face was followed to
# and still count as one more measurement of the same points.
_AGREEMENT = 0.2
# A face that the detector misses may have closed its eyes; one missed so often has gone.
_MOST_MISSES = 3


class FaceTrack:
    """What is kept of a face from frame to frame.

    Where it is comes from two sources. The follower sees the smallest motion and has no scatter,
    but does not know where the five points are; the detector knows it, with scatter. So a look of
    the detector corrects the points by one n-th of the difference, n counting up to the looks that
    an anchor takes: they are a running mean that moves along with the face.

    Attributes:
        id: number of the track, from 0.
        box: left, top, width, height where the face was last seen.
        points: float64 [5, 2] where it was last seen.
        score: the detector's confidence when it last saw the face.
        state: whether it can be measured.
        aligner: its transform along time.
        transform: float64 [2, 3], image to aligned face, where it was last aligned.
        patches: luma of its recent frames.
        seen_ns: when it was last seen, by detector or follower.
        followed: whether the follower has it in this frame.
        misses: looks in a row in which the detector did not see it.
    """

    def __init__(
        self, track_id: int, face: Detection, aligner: Aligner, follower: Follower, patches: Patches
    ) -> None:
        self.id = track_id
        self.box, self.points, self.score = face.box, face.points, face.score
        self.state = FaceState.TRACKED
        self.aligner, self.patches = aligner, patches
        self.seen_ns = 0
        self.followed = False
        self.misses = 0
        self.transform = _core.alignment_transform(face.points)
        self._follower = follower
        self._most_looks = max(1, aligner.looks)
        self._looks = 0

    @property
    def lost(self) -> bool:
        """Whether the face is nowhere in this frame."""
        return self.state is FaceState.LOST

    @property
    def area(self) -> float:
        """Area of the box in square pixels."""
        return self.box[2] * self.box[3]

    def follow(self, frame: Frame) -> bool:
        """Look where the face has gone; whether it is still there."""
        if self.lost:
            return False
        moved = self._follower.follow(frame)
        self.followed = moved is not None
        if moved is not None:
            self.box = _core.carried_box(*self.box, self.points, moved)
            self.points = moved
            self.seen_ns = frame.timestamp_ns
        return self.followed

    def detected(self, face: Detection, frame: Frame) -> None:
        """Take what the detector has seen of it in this frame."""
        self._looks = self._looks + 1 if self._agrees(face) else 1
        gain = 1 / min(self._looks, self._most_looks)
        self.points = self.points + gain * (face.points - self.points)
        self.box, self.score = face.box, face.score
        self.seen_ns, self.misses = frame.timestamp_ns, 0
        if self.lost:
            self.state = FaceState.TRACKED
        self._follower.start(frame, self.points)

    def missed(self, gone: bool = False) -> None:
        """Take that the detector has not seen it in this frame, which may say that it has gone."""
        self.misses += 1
        if gone or not self.followed or self.misses >= _MOST_MISSES:
            self.state = FaceState.LOST

    def judge(self, limits: FaceLimits, sharp: float) -> None:
        """Decide whether it can be measured; `sharp` as of `mol_edge.face_state.sharpness`."""
        self.state = limits.state_of(self.points, sharp, self.state)

    def align(self, look: Look | None = None) -> Alignment:
        """The alignment of this frame."""
        alignment = self.aligner.update(self.points, look)
        self.transform = alignment.transform
        return alignment

    def see(self, frame: Frame, landmarks: NDArray[np.float32] | None) -> None:
        """Take what the model found in this frame, in image pixels."""
        self._follower.see(frame, landmarks)

    def matches(self, box: Box) -> bool:
        """Whether a box is this face again, by where and how large it is."""
        growth = math.sqrt((box[2] * box[3]) / self.area)
        close = self.distance(box) < _LARGEST_SHIFT
        return close and 1 / _LARGEST_GROWTH < growth < _LARGEST_GROWTH

    def distance(self, box: Box) -> float:
        """From middle to middle, in parts of the larger width."""
        return math.dist(_centre(self.box), _centre(box)) / max(self.box[2], box[2])

    def _agrees(self, face: Detection) -> bool:
        # A face that was lost to the follower may have moved, unless its anchor is just being made.
        if self._most_looks == 1 or not (self.followed or self.aligner.looks > 0):
            return False
        off = np.hypot(*(face.points - self.points).T).mean()
        return bool(off < _AGREEMENT * eye_distance(self.points))


def _centre(box: Box) -> tuple[float, float]:
    return box[0] + box[2] / 2, box[1] + box[3] / 2
