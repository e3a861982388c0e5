"""Pictures that show nothing: black ones, and the same one again and again."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mol_edge.frame import Frame
from mol_edge.health import HealthState
from mol_edge.sources.live_options import LiveOptions

_GRID = 64
_BLACK_SHARE = 0.98
_VIDEO_BLACK = 16


@dataclass(frozen=True)
class Verdict:
    """What a picture says about its source.

    Attributes:
        state: `running`, `frozen`, `black`, or None where a doubt has not lasted yet.
        withhold: whether no result shall be made of the picture.
    """

    state: HealthState | None
    withhold: bool = False


class PictureWatch:
    """Follows the pictures of one source, in the time that their timestamps tell.

    A sensor's noise makes any two pictures differ, so pictures that are the same to the last
    pixel come from a driver or a network that repeats itself.

    Example:
        >>> watch = PictureWatch(LiveOptions(black_s=1))
        >>> black = np.zeros((48, 64), np.uint8)
        >>> [watch.update(Frame(black, t * 10**9, format="gray")).state for t in (0, 1)]
        [None, <HealthState.BLACK: 'black'>]
    """

    def __init__(self, options: LiveOptions) -> None:
        self._frozen_ns = round(options.frozen_s * 1e9)
        self._black_ns = round(options.black_s * 1e9)
        self._level = options.black_level
        self.restart()

    def restart(self) -> None:
        """Forget the pictures, because the source is opened anew."""
        self._last_ns = -1
        self._last_grid: NDArray[np.uint8] | None = None
        self._last_sum: int | None = None
        self._same_since_ns = 0
        self._black_since_ns: int | None = None

    def update(self, frame: Frame) -> Verdict:
        """Take the next picture."""
        now_ns, last_ns = frame.timestamp_ns, self._last_ns
        self._last_ns = now_ns
        if not self._is_repeated(frame.image) or now_ns < last_ns:
            self._same_since_ns = now_ns
        if self._is_black(frame):
            if self._black_since_ns is None or now_ns < self._black_since_ns:
                self._black_since_ns = now_ns
            lasting = now_ns - self._black_since_ns >= self._black_ns
            return Verdict(HealthState.BLACK if lasting else None, withhold=True)
        self._black_since_ns = None
        if now_ns - self._same_since_ns >= self._frozen_ns:
            return Verdict(HealthState.FROZEN, withhold=True)
        return Verdict(HealthState.RUNNING)

    def _is_repeated(self, image: NDArray[np.uint8]) -> bool:
        """Whether a picture equals the last one; all pixels count where a few hundred are equal.

        Sums are kept rather than the picture, whose memory its owner may use again.
        """
        grid = image[:: max(1, image.shape[0] // 20), :: max(1, image.shape[1] // 20)].copy()
        last, self._last_grid = self._last_grid, grid
        if last is None or not np.array_equal(last, grid):
            self._last_sum = None
            return False
        last_sum, self._last_sum = self._last_sum, zlib.crc32(np.ascontiguousarray(image).data)
        return last_sum is None or last_sum == self._last_sum

    def _is_black(self, frame: Frame) -> bool:
        level = self._level
        if frame.format in ("nv12", "yuyv") and not frame.full_range:
            level += _VIDEO_BLACK
        return bool((_luma_grid(frame) <= level).mean() >= _BLACK_SHARE)


def _luma_grid(frame: Frame) -> NDArray[np.uint8]:
    """About 64 x 64 pixels of the picture; the green of colours, which is most of their luma."""
    image = frame.image
    rows = image[: frame.height : max(1, frame.height // _GRID), :: max(1, frame.width // _GRID)]
    if frame.format in ("bgr", "rgb"):
        return rows[:, :, 1]
    return rows[:, :, 0] if frame.format == "yuyv" else rows
