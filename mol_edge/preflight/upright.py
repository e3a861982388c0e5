"""Whether faces are upright: upside down a detector finds some, with points where they are not."""

from __future__ import annotations

from collections.abc import Sequence

from mol_edge.faces import FaceDetector
from mol_edge.frame import Frame
from mol_edge.sources.base import TURNS
from mol_edge.sources.turned import turned

# By how much a detector must be surer of a face that is turned. Upright ones score above 0.9 with
# YuNet, the same upside down 0.8 to 0.89 or not at all.
_SURER = 0.03


def turn_needed(pictures: Sequence[Frame], detector: FaceDetector) -> int:
    """Degrees clockwise by which pictures must be turned for their face to be upright, or 0.

    All pictures must say the same.
    """
    turns = {_turn_of(picture, detector) for picture in pictures}
    return turns.pop() if len(turns) == 1 else 0


def _turn_of(picture: Frame, detector: FaceDetector) -> int:
    scores = {degrees: _score(turned(picture, degrees), detector) for degrees in TURNS}
    best = max(TURNS, key=scores.__getitem__)
    return best if scores[best] > scores[0] + _SURER else 0


def _score(picture: Frame, detector: FaceDetector) -> float:
    return max((face.score for face in detector.detect(picture)), default=0.0)
