"""Whether faces are upright: upside down a detector finds some, with points where they are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mol_edge.faces import FaceDetector, YunetDetector
from mol_edge.frame import Frame
from mol_edge.sources.base import TURNS
from mol_edge.sources.turned import turned

# By how much a detector must be surer of a face that is turned. Upright ones score above 0.9 with
# YuNet, the same upside down 0.8 to 0.89 or not at all.
_SURER = 0.03
# From the picture that is looked at first to the one that has to agree.
_APART_NS = 200_000_000


def turn_needed(pictures: Sequence[Frame], detector: FaceDetector) -> int:
    """Degrees clockwise by which pictures must be turned for their face to be upright, or 0.

    All pictures must say the same.
    """
    turns = {_turn_of(picture, detector) for picture in pictures}
    return turns.pop() if len(turns) == 1 else 0


class UprightCheck:
    """Looks once along a run whether its face lies, with a detector whose scores tell it: YuNet.

    Args:
        detector: gives the detector that found the face.

    Attributes:
        open: whether there is something left to look for.
        turn: degrees clockwise by which pictures must be turned, or 0.
    """

    def __init__(self, detector: Callable[[], FaceDetector]) -> None:
        self._detector = detector
        self._since_ns: int | None = None
        self._needed = 0
        self.open, self.turn = True, 0

    def look(self, frame: Frame) -> None:
        """Look at a picture in which a face was found; two that lie apart must say the same."""
        detector = self._detector()
        if not isinstance(detector, YunetDetector):
            self.open = False
        elif self._since_ns is None:
            self._needed = turn_needed([frame], detector)
            self._since_ns, self.open = frame.timestamp_ns, self._needed != 0
        elif abs(frame.timestamp_ns - self._since_ns) >= _APART_NS:
            agrees = turn_needed([frame], detector) == self._needed
            self.turn, self.open = self._needed if agrees else 0, False


def _turn_of(picture: Frame, detector: FaceDetector) -> int:
    scores = {degrees: _score(turned(picture, degrees), detector) for degrees in TURNS}
    best = max(TURNS, key=scores.__getitem__)
    return best if scores[best] > scores[0] + _SURER else 0


def _score(picture: Frame, detector: FaceDetector) -> float:
    return max((face.score for face in detector.detect(picture)), default=0.0)
