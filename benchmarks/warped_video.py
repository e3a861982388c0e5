"""Long videos of a warped photograph, with what happens in them.

Another generator than `training.synthetic`, by which nothing was trained: real skin and hair
instead of rendered ones, fields of pulls that end at a radius, courses of several shapes, a head
that sways and turns, light that drifts, lids that close, grain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.photos import Photo
from benchmarks.warped_courses import Course, draw_course, smooth_step
from benchmarks.warped_face import HEIGHT, MOVEMENTS, WIDTH, Floats, WarpedFace
from mol_edge.errors import InputError
from training.synthetic.schedule import Happening

Array = NDArray[np.float64]

# Smaller faces of a photograph have no skin left to follow.
_LEAST_BOX = 50.0
_MICRO_PX, _MACRO_PX = (0.45, 2.4), (1.3, 3.5)
_LONGEST_MICRO_MS, _MACRO_MS = 450.0, (700.0, 2500.0)
_MICRO_SHARE = 0.78


@dataclass(frozen=True, eq=False)
class _Expression:
    field: Floats
    course: Course
    height_px: float


class WarpedVideo:
    """One video; the same for the same arguments.

    Args:
        photos: of which a face is taken.
        seed: draws everything.
        fps: frames a second.
        seconds: length.

    Attributes:
        happenings: the truth; amplitudes are pixels of the SDK's crop, of the landmark that goes
            farthest. A "turn" is one of the head.
        fps: as given.
        frame_count: number of frames.

    Raises:
        InputError: no face of the photographs is large enough.
    """

    def __init__(self, photos: Sequence[Photo], seed: int, fps: float, seconds: float) -> None:
        rng = np.random.default_rng([seed, 2024])
        large = [
            (photo, face) for photo in photos for face in photo.faces if face.box[2] > _LEAST_BOX
        ]
        if not large:
            raise InputError(
                f"The photographs must show a face more than {_LEAST_BOX:.0f} pixels wide, and "
                "none does; add a larger picture."
            )
        photo, face = large[int(rng.integers(len(large)))]
        self.face = WarpedFace(photo, face, float(rng.uniform(190, 270)), rng)
        self.fps, self.frame_count = fps, int(seconds * fps)
        self._rng, self._ms = rng, 1000.0 * seconds
        self.happenings: list[Happening] = []
        self._expressions: list[_Expression] = []
        self._blinks: list[Course] = []
        self._plan_expressions()
        self._plan_blinks()
        self._plan_head()
        self._plan_light()
        self.happenings.sort(key=lambda each: each.onset_ms)
        self._grain_levels = float(rng.uniform(1.5, 3.0))
        self._grain_seed = int(rng.integers(2**31))

    def _plan_expressions(self) -> None:
        rng = self._rng
        shortest_ms = 200.0 if self.fps < 45 else 120.0
        at_ms = float(rng.uniform(2500, 3500))
        while True:
            micro = bool(rng.random() < _MICRO_SHARE)
            duration_ms = float(
                rng.uniform(*((shortest_ms, _LONGEST_MICRO_MS) if micro else _MACRO_MS))
            )
            if at_ms + duration_ms > self._ms - 1500:
                return
            low, high = _MICRO_PX if micro else _MACRO_PX
            amplitude = float(np.exp(rng.uniform(np.log(low), np.log(high))))
            movement = MOVEMENTS[int(rng.integers(len(MOVEMENTS)))]
            course = draw_course(rng, at_ms, duration_ms)
            field = self.face.field(movement)
            self._expressions.append(_Expression(field, course, amplitude / self.face.crop_scale))
            self._happens("micro" if micro else "macro", course, amplitude, movement.name)
            at_ms = course.offset_ms + float(rng.uniform(900, 3200))

    def _plan_blinks(self) -> None:
        at_ms = float(self._rng.uniform(1000, 4000))
        while at_ms < self._ms - 1000:
            course = draw_course(self._rng, at_ms, float(self._rng.uniform(120, 320)))
            self._blinks.append(course)
            self._happens("blink", course)
            at_ms += float(self._rng.uniform(2500, 8000))

    def _plan_head(self) -> None:
        """Sway, and a turn that stays."""
        rng, eyes = self._rng, self.face.eyes
        sway = rng.uniform(0.4, 1.2)
        deviations = sway * np.array([0.02 * eyes, 0.015 * eyes, 0.008, 0.02, 0.015])
        self._head: Array = np.stack([each * self._drift(0.7) for each in deviations], axis=1)
        start_ms, span_ms = float(rng.uniform(5000, self._ms - 5000)), float(rng.uniform(300, 900))
        gone = smooth_step((self._times_ms - start_ms) / span_ms)
        self._head += gone[:, np.newaxis] * rng.normal(0, [3.0, 2.0, 0.01, 0.06, 0.05])
        end_ms = start_ms + span_ms
        self.happenings.append(Happening("turn", start_ms, (start_ms + end_ms) / 2, end_ms))

    def _plan_light(self) -> None:
        rng = self._rng
        at_ms, factor = float(rng.uniform(4000, self._ms - 3000)), float(rng.uniform(0.88, 1.12))
        step = 1 + (factor - 1) * smooth_step((self._times_ms - at_ms) / 80)
        self._light: Array = (1 + 0.02 * self._drift(2.0)) * step
        self.happenings.append(Happening("brightness", at_ms, at_ms, at_ms + 80, amplitude=factor))

    def _happens(self, kind: str, course: Course, amplitude: float = 0.0, what: str = "") -> None:
        aus = (f"{what}, {course.shape}",) if what else ()
        times = course.onset_ms, course.apex_ms, course.offset_ms
        self.happenings.append(Happening(kind, *times, aus=aus, amplitude=amplitude))

    @property
    def _times_ms(self) -> Array:
        return np.asarray(np.arange(self.frame_count) * 1000.0 / self.fps, np.float64)

    def _drift(self, seconds: float) -> Array:
        """Smooth noise of deviation 1 that changes over some seconds, [frames]."""
        width = seconds * self.fps
        reach = int(3 * width)
        kernel = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / width))
        white = self._rng.standard_normal(self.frame_count + 2 * reach)
        drift = np.convolve(white, kernel / np.sqrt(np.square(kernel).sum()), "valid")
        return np.asarray(drift, np.float64)

    def displacement(self, time_ms: float) -> Floats:
        """How far each place of the canvas has gone by expressions, float32 [480, 640, 2]."""
        total = np.zeros((HEIGHT, WIDTH, 2), np.float32)
        for each in self._expressions:
            height = each.course.at(time_ms) * each.height_px
            if height > 0:
                total += np.float32(height) * each.field
        return total

    def clean(self, index: int) -> NDArray[np.uint8]:
        """A frame before light and grain, uint8 [480, 640, 3]."""
        time_ms = index * 1000.0 / self.fps
        head = self._head[index]
        x, y = self.face.places(head[:2], float(head[2]), head[3:])
        moved = self.displacement(time_ms)
        closed = max((each.at(time_ms) for each in self._blinks), default=0.0)
        if closed > 0:
            moved += self.face.lids(closed)
        if moved.any():
            gone = cv2.remap(moved, x, y, cv2.INTER_LINEAR)
            x, y = x - gone[..., 0], y - gone[..., 1]
        frame = cv2.remap(self.face.canvas, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(frame, np.uint8)

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """The video, uint8 [480, 640, 3], BGR."""
        rng = np.random.default_rng(self._grain_seed)
        sheet = rng.standard_normal((2 * HEIGHT, 2 * WIDTH, 1), np.float32)
        sheet = 0.85 * sheet + 0.5 * rng.standard_normal((2 * HEIGHT, 2 * WIDTH, 3), np.float32)
        grain = np.round(self._grain_levels * sheet).astype(np.int16)
        for index in range(self.frame_count):
            lit = cv2.convertScaleAbs(self.clean(index), alpha=float(self._light[index]))
            top, left = rng.integers(HEIGHT), rng.integers(WIDTH)
            part = grain[top : top + HEIGHT, left : left + WIDTH, rng.permutation(3)]
            yield np.asarray(cv2.add(lit, part, dtype=cv2.CV_8U), np.uint8)
