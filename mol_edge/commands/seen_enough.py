"""Whether a run has seen what it needs, and what to do where it has not."""

from __future__ import annotations

import logging
from collections.abc import Callable

from mol_edge.errors import InputError, NoFaceError
from mol_edge.faces import FaceDetector
from mol_edge.faces.upright import turn_needed
from mol_edge.frame import Frame
from mol_edge.summary import RunSummary

log = logging.getLogger(__name__)

CLIP = 8


class SeenEnough:
    """Looks at a run when it is over.

    Args:
        source: what the run is called in messages.
        summary: what it has seen.
        detector: gives the detector, which looks once more whether a turned picture has a face.

    Attributes:
        frame: the newest frame; to be set at each.
    """

    def __init__(
        self, source: str, summary: RunSummary, detector: Callable[[], FaceDetector]
    ) -> None:
        self._source, self._summary, self._detector = source, summary, detector
        self.frame: Frame | None = None

    def check(self) -> None:
        """Raise where a whole source is too short, or shows no face."""
        frames = self._summary.frames
        if frames < CLIP:
            raise InputError(
                f"A source must hold at least {CLIP} frames, and {self._source} holds {frames}: "
                "give a longer one."
            )
        if self._summary.frames_with_face == 0:
            raise NoFaceError(
                f"A source must show a face, and none was found in {self._which()}: "
                f"{self._advice()}"
            )

    def advise(self) -> None:
        """Warn where a part of a source, or a camera, has shown no face."""
        if self._summary.frames and not self._summary.frames_with_face:
            log.warning("No face was found in %s: %s", self._which(), self._advice())

    def _which(self) -> str:
        frames = self._summary.frames
        which = "the one frame" if frames == 1 else f"the {frames} frames"
        return f"{which} of {self._source}"

    def _advice(self) -> str:
        turn = 0 if self.frame is None else turn_needed([self.frame], self._detector())
        if turn:
            return f"turned by --rotate {turn} it shows one."
        return (
            "check that one is upright (see --rotate) and large enough, or try another --detector."
        )
