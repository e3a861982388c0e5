"""Clips of simple pictures whose motion and landmarks are known, written to folders."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

SIDE = 160


def face_points():
    """68 plausible points of a face about 80 pixels wide, in the middle of a 160 picture."""
    rng = np.random.default_rng(5)
    points = np.array([80.0, 80.0]) + rng.uniform(-30, 30, (68, 2))
    for eye, centre in ((slice(36, 42), (62, 66)), (slice(42, 48), (98, 66))):
        points[eye] = centre
    points[30], points[48], points[54] = (80, 84), (66, 104), (94, 104)
    return points


def picture(shift=(0.0, 0.0), seed=0):
    """Smooth texture, gray [160, 160], moved by `shift` pixels (x, y)."""
    import cv2

    rng = np.random.default_rng(seed)
    texture = cv2.GaussianBlur(rng.uniform(0, 255, (SIDE + 40, SIDE + 40)), (0, 0), 3.0)
    texture = (texture - texture.mean()) * 6 + 128
    move = np.array([[1, 0, shift[0] - 20], [0, 1, shift[1] - 20]], float)
    moved = cv2.warpAffine(texture, move, (SIDE, SIDE), flags=cv2.INTER_CUBIC)
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


@dataclass
class Folder:
    """Writes clips below a root and keeps their landmarks."""

    root: Path
    rows: list = field(default_factory=list)

    def clip(self, where, names, step=(0.5, 0.0), seed=0):
        """Frames that move by `step` from one to the next."""
        import cv2

        (self.root / where).mkdir(parents=True, exist_ok=True)
        for k, name in enumerate(names):
            shift = (step[0] * k, step[1] * k)
            path = self.root / where / name
            assert cv2.imwrite(str(path), picture(shift, seed))
            points = face_points() + shift
            self.rows.append([f"{where}/{name}", *points.ravel().tolist()])
        return self.root / where

    def landmarks(self):
        """Write the landmarks' CSV beside the root; returns the option's value."""
        file = self.root.parent / f"{self.root.name}.points.csv"
        with file.open("w", newline="") as out:
            csv.writer(out).writerows(self.rows)
        return f"csv:{file}"

    def sheet(self, rows, name="coding.csv"):
        """Write a coding sheet into the root."""
        with (self.root / name).open("w", newline="") as out:
            csv.writer(out).writerows(rows)


def numbers(first, count, pattern="img{}.jpg"):
    """Names of `count` frames."""
    return [pattern.format(n) for n in range(first, first + count)]
