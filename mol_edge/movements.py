"""What one face does: how its parts move, and which movements have ended."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mol_edge.motion import Motion, MotionOptions
from mol_edge.motion_stream import MotionStream
from mol_edge.spot import Spot, SpotterOptions
from mol_edge.spotting import Spotter


class Movements:
    """Motion and spotting of one face; used from one thread.

    Args:
        motion: how motion is measured.
        spotting: what counts as a movement.

    Attributes:
        motion: that of the newest frame, or None: the first of a segment has none.
    """

    def __init__(self, motion: MotionOptions, spotting: SpotterOptions) -> None:
        self._stream, self._spotter = MotionStream(motion), Spotter(spotting)
        self.motion: Motion | None = None

    def restart(self) -> None:
        """Another segment begins: nothing spans what came before and what comes after."""
        self._stream.restart()
        self._spotter.restart()

    def realign(self, crop: NDArray[np.float32], change: NDArray[np.float64]) -> None:
        """Go on in another alignment; see `MotionStream.realign`."""
        self._stream.realign(crop, change)

    def push(
        self,
        timestamp_ns: int,
        index: int,
        crop: NDArray[np.float32],
        landmarks: NDArray[np.float32],
    ) -> list[Spot]:
        """Take the next crop, float32 [128, 128], with its landmarks [68, 2] in crop pixels."""
        self.motion = self._stream.push(timestamp_ns, crop, landmarks)
        return self._spotter.push(timestamp_ns, index, self.motion)

    def skip(self) -> None:
        """Take that the face cannot be measured in a frame."""
        self.motion = None
