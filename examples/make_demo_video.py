"""Make the demo video: a NASA portrait with three micro-expressions, and their truth.

    python examples/make_demo_video.py [--out examples/data]

Writes `demo.mp4` (640 × 480, 60 frames per second, 5 s) and `demo.csv` with the onset, apex and
offset frame of each action. The picture is scikit-image's copy of NASA's portrait of Eileen
Collins, which is in the public domain. Brows and mouth corners (and, to tempt a spotter, the lids)
are moved by sub-pixel warps with the median durations of micro-expressions: onset to apex 160 ms,
apex to offset 200 ms. Needs scikit-image, which the extra `train` brings, and the program ffmpeg
with libx264; the pixels are the same on every run.
"""

from __future__ import annotations

import argparse
import csv
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mol_edge.commands.ending import ended

WIDTH, HEIGHT, FPS, FRAMES = 640, 480, 60, 300
# The part of the portrait that is shown: enlarged by ZOOM around CENTRE (x, y of the portrait).
ZOOM = 2.4
CENTRE = (222.0, 112.0)
HOLD = 2
NOISE = 1.0
SEED = 20250114
ENCODING = (
    "-vf scale=out_color_matrix=bt709 -colorspace bt709 -color_primaries bt709 -color_trc bt709 "
    "-c:v libx264 -preset slow -crf 16 -pix_fmt yuv420p -threads 1 "
    "-fflags +bitexact -flags:v +bitexact -movflags +faststart"
)


@dataclass(frozen=True)
class Bump:
    """A soft push of the skin: pixels of the video, strongest at `centre`.

    Attributes:
        centre: x, y.
        radius: standard deviation of the fall-off along x and y.
        shift: motion at the centre at full intensity, x right and y down.
    """

    centre: tuple[float, float]
    radius: tuple[float, float]
    shift: tuple[float, float]


@dataclass(frozen=True)
class Action:
    """One movement of the face.

    Attributes:
        name: what moves.
        onset: the last frame at rest before it.
        apex: the first frame at full intensity, held for `HOLD` frames.
        offset: the first frame at rest after it.
        bumps: the pushes that make it.
    """

    name: str
    onset: int
    apex: int
    offset: int
    bumps: tuple[Bump, ...]

    def intensity(self, frame: int) -> float:
        """0 at rest, 1 at the apex, smooth in between."""
        if frame <= self.apex:
            part = (frame - self.onset) / (self.apex - self.onset)
        else:
            part = (self.offset - frame) / (self.offset - self.apex - HOLD)
        return float(0.5 - 0.5 * np.cos(np.pi * np.clip(part, 0.0, 1.0)))


ACTIONS = (
    Action(
        "brow_raise",
        onset=45,
        apex=55,
        offset=69,
        bumps=(
            Bump((267, 182), (24, 11), (0.0, -3.6)),
            Bump((390, 186), (24, 11), (0.0, -3.6)),
        ),
    ),
    Action(
        "half_blink",
        onset=106,
        apex=111,
        offset=120,
        bumps=(
            Bump((273, 206), (17, 6), (0.0, 6.5)),
            Bump((380, 210), (17, 6), (0.0, 6.5)),
        ),
    ),
    Action(
        "lip_corner_pull",
        onset=150,
        apex=160,
        offset=174,
        bumps=(
            Bump((275, 308), (16, 14), (-3.0, -2.4)),
            Bump((374, 308), (16, 14), (3.0, -2.4)),
            Bump((252, 280), (20, 18), (-0.6, -1.0)),
            Bump((398, 282), (20, 18), (0.6, -1.0)),
        ),
    ),
    Action(
        "brow_furrow",
        onset=231,
        apex=241,
        offset=255,
        bumps=(
            Bump((294, 186), (16, 11), (2.6, 2.2)),
            Bump((363, 189), (16, 11), (-2.6, 2.2)),
        ),
    ),
)


def displacement(frame: int) -> NDArray[np.float64]:
    """Motion of the face at `frame` against rest, [2, HEIGHT, WIDTH]: x, y in pixels."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    field = np.zeros((2, HEIGHT, WIDTH))
    for action in ACTIONS:
        intensity = action.intensity(frame)
        for bump in action.bumps if intensity else ():
            across = (x - bump.centre[0]) / bump.radius[0]
            down = (y - bump.centre[1]) / bump.radius[1]
            weight = intensity * np.exp(-0.5 * (across**2 + down**2))
            field += np.array(bump.shift)[:, None, None] * weight
    return field


def sway(frame: int) -> tuple[float, float]:
    """How far the head has drifted, x and y in pixels: a person never sits quite still."""
    seconds = frame / FPS
    return (
        float(1.0 * np.sin(2 * np.pi * seconds / 3.7)),
        float(0.7 * np.sin(2 * np.pi * seconds / 2.9)),
    )


def render(frame: int) -> NDArray[np.uint8]:
    """Frame number `frame` of the video, RGB, uint8 [HEIGHT, WIDTH, 3]."""
    from scipy.ndimage import map_coordinates

    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    drift_x, drift_y = sway(frame)
    motion = displacement(frame)
    column = CENTRE[0] + (x - drift_x - motion[0] - WIDTH / 2) / ZOOM
    row = CENTRE[1] + (y - drift_y - motion[1] - HEIGHT / 2) / ZOOM
    noise = np.random.default_rng((SEED, frame)).normal(0.0, NOISE, (HEIGHT, WIDTH, 1))
    channels = [
        map_coordinates(spline, (row, column), order=3, mode="nearest", prefilter=False)
        for spline in _portrait_splines()
    ]
    levels = np.stack(channels, axis=-1) + noise
    picture: NDArray[np.uint8] = np.clip(np.round(levels), 0, 255).astype(np.uint8)
    return picture


@cache
def _portrait_splines() -> tuple[NDArray[np.float64], ...]:
    """Cubic spline coefficients of the portrait's red, green and blue."""
    from scipy.ndimage import spline_filter
    from skimage import data

    portrait = data.astronaut()  # type: ignore[no-untyped-call]
    return tuple(spline_filter(portrait[..., channel].astype(float)) for channel in range(3))


def write_video(path: Path) -> None:
    """Encode every frame as H.264; one thread, so that the file is the same on every run."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise SystemExit("The demo video needs the program ffmpeg with libx264: install ffmpeg.")
    source = f"-f rawvideo -pix_fmt rgb24 -s {WIDTH}x{HEIGHT} -r {FPS} -i -"
    command = [program, "-y", "-v", "error", *shlex.split(f"{source} {ENCODING}"), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None
        for frame in range(FRAMES):
            encoder.stdin.write(render(frame).tobytes())
        encoder.stdin.close()
        if encoder.wait():
            raise SystemExit(f"ffmpeg could not write {path}: see its message above.")


def write_truth(path: Path) -> None:
    """Write the frames of each action: `onset,apex,offset,action`."""
    with path.open("w", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["onset", "apex", "offset", "action"])
        for action in ACTIONS:
            writer.writerow([action.onset, action.apex, action.offset, action.name])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    here = Path(__file__).resolve().parent
    parser.add_argument("--out", type=Path, default=here / "data", help="folder to write to")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    write_truth(folder / "demo.csv")
    write_video(folder / "demo.mp4")
    print(f"{folder / 'demo.mp4'}: {(folder / 'demo.mp4').stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ModuleNotFoundError) as error:
        code = ended("make_demo_video", error, "train")
        if code is None:
            raise
        sys.exit(code)
