"""What happens in a long video: micro- and macro-expressions, blinks, stillness, brightness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.actions import ActionField
from training.synthetic.labels import sample_emotion, sample_units
from training.synthetic.motion import Blink, Course, sample_timing
from training.synthetic.options import SyntheticOptions
from training.synthetic.plan import action_courses, choose_sides

Array = NDArray[np.float64]
KINDS = ("micro", "macro", "blink", "still", "brightness")
_SHARE = (0.4, 0.12, 0.28, 0.12, 0.08)


@dataclass(frozen=True)
class Happening:
    """One row of a video's truth.

    Attributes:
        kind: one of `KINDS`; "still" is a stretch in which nothing moves, "brightness" a
            step that the light takes within 100 ms.
        onset_ms, apex_ms, offset_ms: its turning points.
        emotion: "" but for expressions.
        aus: action units as `SyntheticClip` names them.
        amplitude: crop pixels for expressions, factor of brightness for a step, else 0.
        actions: fields with their peak and course, for expressions.
    """

    kind: str
    onset_ms: float
    apex_ms: float
    offset_ms: float
    emotion: str = ""
    aus: tuple[str, ...] = ()
    amplitude: float = 0.0
    actions: tuple[tuple[ActionField, float, Course], ...] = ()


def draw_schedule(
    rng: np.random.Generator, seconds: float, points: Array, options: SyntheticOptions
) -> list[Happening]:
    """Fill a video with happenings that never overlap; the first second is free."""
    happenings: list[Happening] = []
    at = 1000.0 + float(rng.uniform(0, 1000))
    while True:
        kind = str(rng.choice(KINDS, p=_SHARE))
        happening = _draw(rng, kind, at, points, options)
        if happening.offset_ms > 1000.0 * seconds - 500.0:
            return happenings
        happenings.append(happening)
        at = happening.offset_ms + float(rng.uniform(500, 2500))


def _draw(
    rng: np.random.Generator, kind: str, at: float, points: Array, options: SyntheticOptions
) -> Happening:
    if kind == "blink":
        blink = Blink(
            at, close_ms=float(rng.uniform(60, 110)), open_ms=float(rng.uniform(110, 220))
        )
        return Happening(kind, at, at + blink.close_ms + 0.5 * blink.hold_ms, blink.end_ms)
    if kind == "still":
        length = float(rng.uniform(2000, 4000))
        return Happening(kind, at, at + 0.5 * length, at + length)
    if kind == "brightness":
        factor = float(np.exp(rng.uniform(0.05, 0.2) * rng.choice([-1, 1])))
        return Happening(kind, at, at + 50.0, at + 100.0, amplitude=factor)
    emotion = sample_emotion(rng)
    units = choose_sides(emotion, sample_units(emotion, rng), rng)
    timing = sample_timing(rng, kind)
    limits = options.amplitude_macro if kind == "macro" else options.amplitude_micro
    amplitude = float(rng.uniform(*limits))
    actions = tuple(action_courses(rng, units, points, timing, at, amplitude))
    amplitude = max(peak for _, peak, _ in actions)
    names = tuple(f"{'' if side == 'B' else side}{unit}" for unit, side in units)
    return Happening(
        kind, at, at + timing.rise_ms, at + timing.total_ms, emotion, names, amplitude, actions
    )


def blink_of(happening: Happening) -> Blink:
    """The blink behind a happening of that kind."""
    hold = 30.0
    close = happening.apex_ms - happening.onset_ms - 0.5 * hold
    return Blink(happening.onset_ms, close, hold,
                 happening.offset_ms - happening.onset_ms - close - hold)  # fmt: skip


def brightness(happenings: list[Happening], t: Array) -> Array:
    """Factor of brightness at times t [n] in ms: the product of the steps so far."""
    factor = np.ones_like(t)
    for step in happenings:
        if step.kind == "brightness":
            done = np.clip((t - step.onset_ms) / (step.offset_ms - step.onset_ms), 0, 1)
            factor *= step.amplitude**done
    return factor


def own_time(happenings: list[Happening], t: Array) -> Array:
    """Times t [n] in ms as the head's drift lives them: it rests in still stretches."""
    lived = t.copy()
    for stretch in happenings:
        if stretch.kind == "still":
            lived -= np.clip(t - stretch.onset_ms, 0, stretch.offset_ms - stretch.onset_ms)
    return lived
