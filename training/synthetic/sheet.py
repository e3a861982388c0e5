"""A contact sheet: random crops with their landmarks and the colours of their flow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from training.synthetic.clip import SyntheticClip, make_clip
from training.synthetic.options import SyntheticOptions
from training.synthetic.still import make_still

ZOOM = 2


def clip_sheet(seed: int, count: int, options: SyntheticOptions) -> NDArray[np.uint8]:
    """Per clip a row: first crop with landmarks, frame of most motion, three flows; BGR."""
    rows = [_clip_row(make_clip(seed + i, options)) for i in range(count)]
    half = (len(rows) + 1) // 2
    left, right = rows[:half], rows[half:]
    right += [np.zeros_like(rows[0])] * (half - len(right))
    return np.vstack([np.hstack(pair) for pair in zip(left, right, strict=True)])


def _clip_row(clip: SyntheticClip) -> NDArray[np.uint8]:
    import cv2

    tiles = [mark(clip.frames[0], clip.landmarks[0]), mark(clip.frames[4], None)]
    for k in (0, 2, 4):
        colours = _core.flow_to_color(clip.flow(k), max_magnitude=1.0)
        bgr = np.ascontiguousarray(colours[..., ::-1])
        tiles.append(np.asarray(cv2.resize(bgr, None, fx=ZOOM, fy=ZOOM), np.uint8))
    text = f"{clip.emotion} {'+'.join(clip.aus)} {clip.amplitude:.1f} {clip.kind}"
    cv2.putText(tiles[1], text, (2, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 255, 255))
    return np.hstack(tiles)


def still_sheet(seed: int, count: int, landmarks: bool = True) -> NDArray[np.uint8]:
    """Stills, eight to a row, with or without their landmarks; BGR."""
    tiles = []
    for i in range(count):
        picture, points = make_still(seed + i)
        tiles.append(mark(picture, points if landmarks else None))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % 8)
    return np.vstack([np.hstack(tiles[i : i + 8]) for i in range(0, len(tiles), 8)])


def mark(picture: NDArray[np.uint8], points: NDArray[np.float32] | None) -> NDArray[np.uint8]:
    """The picture enlarged, BGR, with points drawn on it."""
    import cv2

    big = cv2.resize(picture, None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_CUBIC)
    tile = np.asarray(cv2.cvtColor(big, cv2.COLOR_GRAY2BGR), np.uint8)
    for x, y in [] if points is None else points:
        at = (int((x + 0.5) * ZOOM), int((y + 0.5) * ZOOM))
        cv2.circle(tile, at, 1, (0, 255, 0), -1, cv2.LINE_AA)
    return tile
