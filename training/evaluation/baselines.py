"""Optical flow by the methods that a user would otherwise take, on the same crops."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Flow = NDArray[np.float32]
Method = Callable[[NDArray[np.uint8], NDArray[np.uint8]], Flow]


def zero(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Flow:
    """No motion."""
    return np.zeros((2, *first.shape), np.float32)


def farneback(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Flow:
    """Farnebäck's method, OpenCV, with the parameters of its documentation."""
    import cv2

    start = np.zeros((*first.shape, 2), np.float32)
    flow = cv2.calcOpticalFlowFarneback(first, second, start, 0.5, 3, 15, 3, 5, 1.2, 0)
    return np.ascontiguousarray(flow.transpose(2, 0, 1), np.float32)


def dis(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Flow:
    """Dense inverse search, OpenCV, its preset `MEDIUM`."""
    import cv2

    # Frames cut out of larger ones are views, which it does not take.
    first, second = np.ascontiguousarray(first), np.ascontiguousarray(second)
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = method.calc(first, second, np.zeros((*first.shape, 2), np.float32))
    return np.ascontiguousarray(flow.transpose(2, 0, 1), np.float32)


def tvl1(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Flow:
    """TV-L1, scikit-image, with its default parameters: the official code's kind of target."""
    from skimage.registration import optical_flow_tvl1

    # scikit-image looks up the moving picture from the reference: rows first.
    down, across = optical_flow_tvl1(first, second, dtype=np.float32)
    return np.stack([across, down]).astype(np.float32)


METHODS: Mapping[str, Method] = {
    "zero": zero,
    "farneback": farneback,
    "dis": dis,
    "tvl1": tvl1,
}
