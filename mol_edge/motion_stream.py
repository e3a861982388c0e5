"""Motion along a stream of crops: what each landmark did in the last tenth of a second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.errors import ArrayError
from mol_edge.motion import CROP, REGION_POINTS, Floats, Motion, MotionOptions, head_weights


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
        self._stream = _core.MotionStream(
            head_weights(options.steady),
            options.trusted_px,
            round(options.span_ms * 1e6),
            round(options.anchor_ms * 1e6),
            [list(points) for points in REGION_POINTS.values()],
        )

    def restart(self) -> None:
        """Forget what came before: another segment, face or alignment begins."""
        self._stream.restart()

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
        parts = self._stream.push(timestamp_ns, crop, landmarks)
        return None if parts is None else Motion.measured(*parts)

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
        self._stream.realign(crop, change)
