"""Cut frames of a video to PNG files and say where the face is in each, for `--points`.

What decoders and detectors make of a video differs from machine to machine; these files do not.

    python scripts/aarch64_frames.py VIDEO FOLDER [--frames 90]

Writes `FOLDER/pictures/*.png` and `FOLDER/points.csv`.
"""

from __future__ import annotations

import argparse
import csv
import sys
from itertools import islice
from pathlib import Path

import cv2

from mol_edge import open_source
from mol_edge.faces import open_detector
from mol_edge.faces.given import COLUMNS


def write(video: Path, folder: Path, frames: int) -> int:
    """Write the first `frames` pictures and their points; returns in how many a face was found."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    detector = open_detector("haar")
    found = 0
    with open_source(video) as source, (folder / "points.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for frame in islice(source, frames):
            cv2.imwrite(str(pictures / f"{frame.index:05d}.png"), frame.image)
            for face in detector.detect(frame)[:1]:
                table.writerow([frame.index, *(f"{value:.3f}" for value in face.points.ravel())])
                found += 1
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames", type=int, default=90)
    given = parser.parse_args()
    found = write(given.video, given.folder, given.frames)
    print(f"{found} faces in {given.frames} frames")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
