"""One long video: what happens in it, and its frames, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import OptionError
from training.synthetic.camera import sample_background, sample_camera
from training.synthetic.canvas import Canvas, Image
from training.synthetic.depth import relief
from training.synthetic.expression import close_lids
from training.synthetic.face import Identity, make_identity, sample_light
from training.synthetic.geometry import Head, Motion
from training.synthetic.motion import smooth_drift
from training.synthetic.options import SyntheticOptions
from training.synthetic.paint import Look
from training.synthetic.plan import stream
from training.synthetic.render import (
    Film,
    InverseGrid,
    Painter,
    develop_background,
    head_painter,
)  # fmt: skip
from training.synthetic.schedule import Happening, blink_of, brightness, draw_schedule, own_time

Array = NDArray[np.float64]
WIDTH, HEIGHT = 640, 480
EXTENT = 150.0


@dataclass(frozen=True)
class VideoOptions:
    """Options of `write_videos`.

    Attributes:
        fps: range of the rate; each video has a whole number of frames per second.
        seconds: length of a video.
        codec: "mjpg" (avi, keeps micro-motion best) or "mp4v" (mp4, small).
        clip: faces, amplitudes and drift, as in clips.

    Raises:
        OptionError: a value is outside what is written above.
    """

    fps: tuple[float, float] = (30.0, 200.0)
    seconds: float = 30.0
    codec: str = "mjpg"
    clip: SyntheticOptions = SyntheticOptions(scale=(1.6, 2.4), pose_degrees=10.0, drift=0.7)

    def __post_init__(self) -> None:
        if not 24.0 <= self.fps[0] <= self.fps[1] <= 1000.0:
            raise OptionError(
                f"VideoOptions.fps must be (low, high) within 24 to 1000, got {self.fps!r}; "
                "give two numbers in ascending order."
            )
        if not 2.0 <= self.seconds <= 3600.0:
            raise OptionError(
                f"VideoOptions.seconds must be 2 to 3600, got {self.seconds!r}; "
                "choose a value in that range."
            )
        if self.codec not in ("mjpg", "mp4v"):
            raise OptionError(
                f"VideoOptions.codec must be mjpg or mp4v, got {self.codec!r}; choose one of them."
            )


class Video:
    """One planned video: its truth, and its frames one after the other.

    Attributes:
        fps: rate, a whole number.
        count: number of frames.
        identity: number of the face.
        happenings: what happens, in order of time.
    """

    def __init__(self, seed: int, options: VideoOptions) -> None:
        rng = stream(seed, options.clip, 4)
        low, high = np.log(options.fps)
        self.fps = float(round(np.exp(rng.uniform(low, high))))
        self.count = int(round(options.seconds * self.fps))
        first = options.clip.first_identity
        who = make_identity(first + int(rng.integers(options.clip.identities)))
        self.identity = who.number
        self.happenings = draw_schedule(rng, options.seconds, who.points, options.clip)
        self._who = who
        self._times = np.arange(self.count, dtype=np.float64) * 1000.0 / self.fps
        self._motion = _motion(rng, self._times, self.happenings, options.clip)
        fields = [field for h in self.happenings for field, _, _ in h.actions]
        self._head = Head(EXTENT, relief(who.points, who.rng(5)), fields)
        self._rng = rng

    def landmarks(self, t: int) -> Array:
        """The 68 points [68, 2] at frame t, pixels of the frame."""
        points = close_lids(self._who.points, float(self._motion.lids[t]))
        return self._head.place(self._motion, t).forward(points.T).T

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """All frames, BGR [480, 640, 3]; the same bytes only when taken once, from the start."""
        rng = self._rng
        paint = _painter(self._who, self._motion, rng)
        camera = sample_camera(rng, noise=True)
        background = develop_background(sample_background(rng, HEIGHT, WIDTH), camera)
        colours = _Colours(rng)
        inverse = InverseGrid(HEIGHT, WIDTH, step=8.0)
        factor = brightness(self.happenings, self._times)
        scale = float(self._motion.scale[0])
        films: dict[float, Film] = {}
        for t in range(self.count):
            lids = float(self._motion.lids[t])
            if lids not in films:
                films[lids] = Film(paint(lids), camera, scale)
            layers = films[lids].warp(inverse(self._head.place(self._motion, t)))
            levels = layers[..., 0] + background * (1 - layers[..., 1])
            levels *= np.float32(factor[t] * (1 + camera.flicker * rng.standard_normal()))
            levels += np.float32(camera.grain) * colours.noise(rng)
            yield colours.add(levels, layers[..., 1])


def _painter(who: Identity, motion: Motion, rng: np.random.Generator) -> Painter:
    look = Look(who.points, (float(rng.normal(0, 0.2)), 0.0), who.glasses)
    canvas = Canvas(EXTENT, float(np.clip(motion.scale[0], 1.0, 2.0)))
    return head_painter(who, look, sample_light(rng), canvas, int(rng.integers(2**32)))


def _motion(
    rng: np.random.Generator, times: Array, happenings: list[Happening], options: SyntheticOptions
) -> Motion:
    limit = np.radians(options.pose_degrees)
    lived = own_time(happenings, times)
    period = (3000.0, 20000.0)
    calm = options.drift * float(rng.uniform(0.3, 1.5))
    pose = np.clip(rng.normal(0, 0.4 * limit, 3), -limit, limit) * (1, 1, 0.5)
    wander = np.radians(2.0) * calm
    angles = np.stack([p + smooth_drift(rng, lived, wander, period) for p in pose], 1)
    scale = float(rng.uniform(*options.scale))
    middle = np.array([0.5 * WIDTH, 0.52 * HEIGHT]) + rng.normal(0, 12, 2)
    shift = np.stack([m + smooth_drift(rng, lived, 4.0 * calm, period) for m in middle], 1)
    zoom = scale * (1 + smooth_drift(rng, lived, 0.006 * calm, period))
    columns = [peak * course(times) for h in happenings for _, peak, course in h.actions]
    strength = np.stack(columns, 1) if columns else np.zeros((len(times), 0))
    lids = np.zeros(len(times))
    for happening in happenings:
        if happening.kind == "blink":
            lids = np.maximum(lids, blink_of(happening)(times))
    # Few different closings, so that each is painted once.
    return Motion(angles, shift, zoom, strength, np.round(lids * 24) / 24, 900.0)


class _Colours:
    """Grain and colour of a video: chroma is one for the head, one for the room."""

    def __init__(self, rng: np.random.Generator) -> None:
        # Cr and Cb, the colour of skin and of the light in the room.
        self._skin = np.array([143.0, 116.0]) + rng.normal(0, 3, 2)
        self._room = np.array([128.0, 128.0]) + rng.normal(0, 5, 2)
        self._pool = rng.standard_normal((HEIGHT + 64, WIDTH + 64), np.float32)

    def noise(self, rng: np.random.Generator) -> Image:
        """Grain of unit deviation: a piece of one large noise, which is cheap."""
        y, x = rng.integers(0, 64, 2)
        return self._pool[y : y + HEIGHT, x : x + WIDTH]

    def add(self, levels: Image, cover: Image) -> NDArray[np.uint8]:
        """BGR frame whose luma is `levels`."""
        import cv2

        luma = np.clip(levels + np.float32(0.5), 0, 255).astype(np.uint8)
        small = cv2.resize(cover, (WIDTH // 4, HEIGHT // 4), interpolation=cv2.INTER_AREA)
        planes = [luma]
        for skin, room in zip(self._skin, self._room, strict=True):
            chroma = (room + (skin - room) * small).astype(np.uint8)
            planes.append(np.asarray(cv2.resize(chroma, (WIDTH, HEIGHT)), np.uint8))
        bgr = cv2.cvtColor(cv2.merge(planes), cv2.COLOR_YCrCb2BGR)
        return np.asarray(bgr, np.uint8)
