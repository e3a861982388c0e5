"""Pictures of a camera that is mounted on its side or upside down, turned upright."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mol_edge.faces.image import opencv, to_bgr
from mol_edge.frame import Frame
from mol_edge.sources.base import Source

_CODES = {
    90: "ROTATE_90_CLOCKWISE",
    180: "ROTATE_180",
    270: "ROTATE_90_COUNTERCLOCKWISE",
}


def turned(frame: Frame, degrees: int) -> Frame:
    """A frame whose picture is turned clockwise by 0, 90, 180 or 270 degrees.

    Luma and chroma of a camera's own layout do not turn alike, so NV12 and YUYV become BGR.

    Raises:
        MissingExtraError: OpenCV, which turns them, is not installed.

    Example:
        >>> import numpy as np
        >>> frame = Frame(np.arange(6, dtype=np.uint8).reshape(2, 3), 0, format="gray")
        >>> turned(frame, 90).image.tolist()
        [[3, 0], [4, 1], [5, 2]]
    """
    if degrees == 0:
        return frame
    cv2 = opencv("Turning pictures", "rotate")
    format = frame.format
    if format in ("nv12", "yuyv"):
        image, format = to_bgr(frame, cv2), "bgr"
    else:
        image = frame.image
    return replace(frame, image=cv2.rotate(image, getattr(cv2, _CODES[degrees])), format=format)


class TurnedSource(Source):
    """The frames of another source, each turned clockwise.

    Args:
        source: what is turned; it is closed with this one.
        degrees: 90, 180 or 270.

    Example:
        >>> import numpy as np
        >>> from mol_edge.sources import open_source
        >>> source = TurnedSource(open_source([np.zeros((48, 64), np.uint8)]), 90)
        >>> [(frame.width, frame.height) for frame in source]
        [(48, 64)]
    """

    def __init__(self, source: Source, degrees: int) -> None:
        self.name, self.live = source.name, source.live
        self.period_ns, self.frame_count = source.period_ns, source.frame_count
        self._source, self._degrees = source, degrees

    def __iter__(self) -> Iterator[Frame]:
        """The frames, turned."""
        for frame in self._source:
            yield turned(frame, self._degrees)
        self.incomplete = self._source.incomplete

    @property
    def age_ms(self) -> float | None:
        """As the source's."""
        return self._source.age_ms

    def close(self) -> None:
        """Close the source."""
        self._source.close()
