"""Motion along a stream of crops: what each landmark did in the last tenth of a second."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mol_edge.cells import eye_confidence
from mol_edge.errors import ArrayError
from mol_edge.motion import CROP, Floats, Motion, MotionMeter, MotionOptions

# Landmarks of the newest frame against those known so far: a network's jitter averages out.
_LANDMARK_SHARE = 0.1
# A patch less sure than this starts its search where the head has taken it, nowhere else.
_SURE = 0.3

# How far a patch may get from its landmark before it is put back.
_ASTRAY_PX = 3.0
# Patches only shift; a head that has turned or moved further than this needs a newer anchor.
_ANCHOR_REACH_PX = 2.0
_STILL_PX = 0.25
_PATIENCE = 2.0
# No anchor is taken while the eyes look unlike those of the last one, which is during a blink,
# unless they do so for longer than any blink.
_OPEN_EYES = 0.4
_LONGEST_BLINK_NS = 700_000_000


@dataclass(frozen=True)
class _Place:
    """Where the patches are at one time: each one's path without the head's, and the head."""

    timestamp_ns: int
    path: Floats
    head: NDArray[np.float64]


class MotionStream:
    """Follows the landmarks' patches of one face. Not safe to share between threads.

    The patches of one crop, the anchor, are found in each later crop until a newer one becomes the
    anchor. The errors of an anchor cancel between what was found in it and what is found from it,
    so that a chain of anchors does not drift. Of the crops only the anchor is kept.

    Example:
        >>> stream = MotionStream()
        >>> crop = np.random.default_rng(0).normal(size=(128, 128)).astype(np.float32)
        >>> landmarks = np.full((68, 2), 60, np.float32)
        >>> stream.push(0, crop, landmarks) is None
        True
        >>> stream.push(100_000_000, crop, landmarks).since_ns
        0
    """

    def __init__(self, options: MotionOptions = MotionOptions()) -> None:  # noqa: B008
        self._meter = MotionMeter(options)
        self._span_ns = round(options.span_ms * 1e6)
        self._anchor_ns = round(options.anchor_ms * 1e6)
        self.restart()

    def restart(self) -> None:
        """Forget what came before: another segment, face or alignment begins."""
        self._landmarks: Floats | None = None
        self._anchor: Floats | None = None
        self._anchor_place: _Place | None = None
        self._anchor_landmarks: Floats | None = None
        self._guess: Floats | None = None
        self._eyes_seen_ns = 0
        self._places: deque[_Place] = deque()

    def push(self, timestamp_ns: int, crop: Floats, landmarks: Floats) -> Motion | None:
        """Take the next crop.

        Args:
            timestamp_ns: when it was taken; one that does not rise starts anew.
            crop: float32 [128, 128], of the same alignment as before, luma in any one scale.
            landmarks: float32 [68, 2], its pixels; they are averaged over time.

        Returns:
            Motion over the last `span_ms`, or as much of it as there is; None for the first crop.

        Raises:
            ArrayError: an array of another type, shape or layout, or landmarks not finite.
        """
        if self._places and timestamp_ns <= self._places[-1].timestamp_ns:
            self.restart()
        if self._landmarks is None:
            self._landmarks = landmarks.astype(np.float32, order="C")
        else:
            self._landmarks = self._landmarks + _LANDMARK_SHARE * (landmarks - self._landmarks)
        if self._anchor_place is None:
            start = _Place(timestamp_ns, np.zeros_like(self._landmarks), np.eye(3))
            self._places.append(start)
            self._set_anchor(start, crop)
            return None
        motion = self._since_anchor(crop)
        place = self._place(timestamp_ns, motion)
        report = self._report(place, motion)
        if self._anchor_is_old(timestamp_ns, motion, report):
            self._set_anchor(place, crop)
        return report

    def _anchor_is_old(self, timestamp_ns: int, motion: Motion, report: Motion) -> bool:
        assert self._anchor_place is not None and self._anchor_landmarks is not None
        if eye_confidence(motion) > _OPEN_EYES:
            self._eyes_seen_ns = timestamp_ns
        elif timestamp_ns - self._eyes_seen_ns < _LONGEST_BLINK_NS:
            return False
        else:
            self._eyes_seen_ns = timestamp_ns
            return True
        moved = np.abs(_displacement(motion.head, self._anchor_landmarks)).max()
        age = (timestamp_ns - self._anchor_place.timestamp_ns) / self._anchor_ns
        # Better between two movements than in one, if that can wait.
        is_still = bool(np.max(report.strength * report.confidence) < _STILL_PX)
        patience = 1.0 if is_still else _PATIENCE
        return bool(moved > patience * _ANCHOR_REACH_PX or age >= patience)

    def realign(self, crop: Floats, change: NDArray[np.float64]) -> None:
        """Go on in another alignment of the face, with no break in the motion.

        Args:
            crop: float32 [128, 128], the crop that was pushed last, cut by the new alignment.
            change: float64 [2, 3], pixels of the old crop to pixels of the new one.

        Raises:
            ArrayError: a crop or a change of another shape.
        """
        if crop.shape != (CROP, CROP) or change.shape != (2, 3):
            raise ArrayError(
                "crop and change must be of shape (128, 128) and (2, 3), "
                f"got {crop.shape} and {change.shape}."
            )
        if not self._places or self._landmarks is None:
            return
        moved = self._landmarks + _displacement(change, self._landmarks)
        self._landmarks = moved.astype(np.float32)
        self._anchor_landmarks = None
        self._set_anchor(self._places[-1], crop)

    def _set_anchor(self, place: _Place, crop: Floats) -> None:
        assert self._landmarks is not None
        at = self._landmarks
        if self._anchor_landmarks is not None and self._guess is not None:
            # Patches go on with the skin they are on; another piece of it has other errors.
            followed = self._anchor_landmarks + self._guess
            near = np.abs(followed - at).max(1, keepdims=True) < _ASTRAY_PX
            at = np.where(near, followed, at)
        self._anchor, self._anchor_place, self._anchor_landmarks = crop.copy(), place, at
        self._guess = None

    def _since_anchor(self, crop: Floats) -> Motion:
        assert self._anchor is not None and self._anchor_landmarks is not None
        at = self._anchor_landmarks
        motion = self._meter.between(self._anchor, crop, at, self._guess)
        by_head = _displacement(motion.head, at)
        sure = motion.confidence > _SURE
        self._guess = (by_head + motion.vectors * sure[:, np.newaxis]).astype(np.float32)
        return motion

    def _place(self, timestamp_ns: int, motion: Motion) -> _Place:
        assert self._anchor_place is not None
        seen = (motion.seen > 0)[:, np.newaxis]
        path = np.where(seen, self._anchor_place.path + motion.vectors, self._places[-1].path)
        head = np.vstack([motion.head, (0, 0, 1)]) @ self._anchor_place.head
        return _Place(timestamp_ns, path, head)

    def _report(self, place: _Place, motion: Motion) -> Motion:
        """Motion since `span_ms` ago, from motion since the anchor."""
        self._places.append(place)
        # A twentieth more, so that jitter of the timestamps does not cost a whole frame.
        oldest = place.timestamp_ns - 1.05 * self._span_ns
        while self._places[0].timestamp_ns < oldest and len(self._places) > 2:
            self._places.popleft()
        before = self._places[0]
        vectors = place.path - before.path
        head = (place.head @ np.linalg.inv(before.head))[:2]
        return Motion(
            vectors, np.hypot(vectors[:, 0], vectors[:, 1]), motion.confidence, head,
            motion.axes, motion.deviation, before.timestamp_ns,
        )  # fmt: skip


def _displacement(head: NDArray[np.float64], points: Floats) -> NDArray[np.float64]:
    """How far the head's similarity moves points [68, 2]."""
    moved: NDArray[np.float64] = points @ (head[:, :2].T - np.eye(2)) + head[:, 2]
    return moved
