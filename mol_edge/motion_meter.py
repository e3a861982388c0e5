"""Motion between two crops of a face, or of a dense flow.

Patches of the crop around the 68 landmarks are followed by least squares on their gradients
(`mol_edge._core.patch_motion`); what the head did as a whole is fitted on points that no
expression moves, and taken away.
"""

from __future__ import annotations

import numpy as np

from mol_edge import _core
from mol_edge.errors import ArrayError
from mol_edge.motion import CROP, LANDMARKS, Floats, Motion, MotionOptions, head_weights


class MotionMeter:
    """Measures motion between two crops of one alignment. Holds no state; threads may share it.

    Example:
        >>> y, x = np.mgrid[:128, :128].astype(np.float32)
        >>> crop = np.sin(x / 3) + np.sin(y / 4)
        >>> landmarks = np.random.default_rng(0).uniform(20, 108, (68, 2)).astype(np.float32)
        >>> motion = MotionMeter().between(crop, np.roll(crop, 1, axis=1), landmarks)
        >>> float(motion.head[0, 2].round(1)), max(motion.regions.values()) < 0.1
        (1.0, True)
    """

    def __init__(self, options: MotionOptions = MotionOptions()) -> None:  # noqa: B008
        self._trusted = np.float32(options.trusted_px)
        self._weights = head_weights(options.steady)

    def between(
        self,
        earlier: Floats,
        later: Floats,
        landmarks: Floats,
        start: Floats | None = None,
        since_ns: int | None = None,
    ) -> Motion:
        """Motion of the landmarks' patches from one crop to a later one.

        Args:
            earlier: float32 [128, 128], luma in any scale.
            later: float32 [128, 128], of the same alignment and scale.
            landmarks: float32 [68, 2], pixels of `earlier`.
            start: float32 [68, 2], a first guess; without one, up to about 5 pixels are found.
            since_ns: timestamp of `earlier`, kept in the result.

        Raises:
            ArrayError: an array of another type, shape or layout, or landmarks not finite.
        """
        if landmarks.shape != (LANDMARKS, 2):
            raise ArrayError(f"landmarks must be of shape (68, 2), got {landmarks.shape}.")
        landmarks = np.ascontiguousarray(landmarks)
        guess = np.zeros((LANDMARKS, 2), np.float32) if start is None else start
        patches = _core.patch_motion(earlier, later, landmarks, guess)
        return self._apart_from_head(landmarks, patches, since_ns)

    def of_flow(self, flow: Floats, landmarks: Floats, since_ns: int | None = None) -> Motion:
        """The same of a dense flow, float32 [2, 128, 128], which sees every direction alike.

        Where the flow is not finite, nothing is seen.

        Raises:
            ArrayError: an array of another shape, or landmarks not finite.
        """
        if flow.shape != (2, CROP, CROP) or landmarks.shape != (LANDMARKS, 2):
            raise ArrayError(
                "flow and landmarks must be of shape (2, 128, 128) and (68, 2), "
                f"got {flow.shape} and {landmarks.shape}."
            )
        if not np.isfinite(landmarks).all():
            raise ArrayError("landmarks must be finite, got NaN or infinity: drop this frame.")
        landmarks = np.ascontiguousarray(landmarks)
        patches = np.empty((LANDMARKS, 6), np.float32)
        patches[:, :2] = _sampled(flow, landmarks)
        patches[:, 2:] = (1, 0, 0.05, 0.05)
        patches[~np.isfinite(patches[:, :2]).all(1)] = (0, 0, 1, 0, np.inf, np.inf)
        return self._apart_from_head(landmarks, patches, since_ns)

    def _apart_from_head(self, landmarks: Floats, patches: Floats, since_ns: int | None) -> Motion:
        head = _core.head_motion(landmarks, patches, self._weights)
        vectors = _core.remove_head(landmarks, patches, head)
        confidence = 1 / (1 + np.square(patches[:, 4] / self._trusted))
        strength = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        axes, deviation = patches[:, 2:4], patches[:, 4:]
        return Motion(vectors, strength, confidence, head, axes, deviation, since_ns)


def motion_from_flow(flow: Floats, landmarks: Floats) -> Motion:
    """Motion of the landmarks as a dense flow has it, without that of the head.

    Args:
        flow: float32 [2, 128, 128], crop pixels, channel 0 = x.
        landmarks: float32 [68, 2], pixels of the earlier crop.

    Raises:
        ArrayError: an array of another shape, or landmarks not finite.

    Example:
        >>> flow = np.zeros((2, 128, 128), np.float32)
        >>> flow[1, 90:110] = 0.5
        >>> landmarks = np.random.default_rng(0).uniform(20, 80, (68, 2)).astype(np.float32)
        >>> landmarks[48:, 1] = 100
        >>> round(motion_from_flow(flow, landmarks).regions["mouth"], 1)
        0.4
    """
    return MotionMeter().of_flow(flow, landmarks)


def _sampled(flow: Floats, landmarks: Floats, radius: int = 3) -> Floats:
    """Median of the flow [68, 2] within some pixels of each landmark."""
    centre = np.clip(np.rint(landmarks).astype(np.intp), radius, CROP - 1 - radius)
    steps = np.arange(-radius, radius + 1)
    rows = centre[:, 1, None, None] + steps[:, None]
    columns = centre[:, 0, None, None] + steps
    around = flow[:, rows, columns].reshape(2, LANDMARKS, -1)
    return np.ascontiguousarray(np.median(around, axis=2).T)
