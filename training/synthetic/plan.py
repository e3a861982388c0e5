"""Decides everything about a clip but its pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.actions import ActionField, action_field, reach
from training.synthetic.expression import apply_expression, sample_expression
from training.synthetic.face import Identity, make_identity
from training.synthetic.geometry import Motion
from training.synthetic.labels import sample_emotion, sample_units
from training.synthetic.motion import (
    Blink,
    Course,
    EventTiming,
    sample_course,
    sample_timing,
    smooth_drift,
)  # fmt: skip
from training.synthetic.options import SyntheticOptions
from training.synthetic.sampling import event_indices, official_indices, sliding_indices
from training.synthetic.truth import Array, Truth, place


def stream(seed: int, options: SyntheticOptions, part: int) -> np.random.Generator:
    """The clip's own chance for one part; the two splits never share a stream."""
    return np.random.default_rng([seed, options.first_identity, part])


@dataclass(frozen=True)
class ClipPlan:
    """What a clip shows, and its truth."""

    identity: Identity
    emotion: str
    kind: str
    aus: tuple[str, ...]
    amplitude: float
    timestamps_ns: NDArray[np.int64]
    gaze: tuple[float, float]
    truth: Truth
    frame_size: int


def plan_clip(
    seed: int, options: SyntheticOptions, identity: Identity | None = None, still_face: bool = False
) -> ClipPlan:
    """Decide on a clip; fast, since nothing is painted.

    Args:
        seed: chooses everything that is not given.
        options: what clips may look like.
        identity: the face; drawn if None.
        still_face: keep the identity's points as they are, without a still expression.
    """
    rng = stream(seed, options, 0)
    kind = str(rng.choice(["none", "macro", "micro"], p=_kinds(options)))
    emotion = sample_emotion(rng) if kind != "none" else "none"
    timing = sample_timing(rng, kind)
    fps = float(np.exp(rng.uniform(*np.log(options.fps))))
    times, stamps = _times(rng, options, timing, fps)
    number = options.first_identity + int(rng.integers(options.identities))
    who = identity or make_identity(number)
    return _plan(rng, options, who, kind, emotion, timing, times, stamps, still_face)


def plan_event(
    seed: int, options: SyntheticOptions, emotion: str | None, identity: int | None
) -> tuple[ClipPlan, int, float]:
    """Decide on a whole event; returns its plan, the apex frame and the camera's rate."""
    rng = stream(seed, options, 0)
    share = options.p_macro / max(1e-9, 1 - options.p_none)
    kind = "macro" if rng.random() < share else "micro"
    drawn = sample_emotion(rng)
    timing = sample_timing(rng, kind)
    fps = float(np.exp(rng.uniform(*np.log(options.fps))))
    count = int(timing.total_ms * fps / 1000.0) + 1
    stamps = np.round(np.arange(count) * 1e9 / fps).astype(np.int64)
    number = options.first_identity + int(rng.integers(options.identities))
    who = make_identity(number if identity is None else identity)
    plan = _plan(rng, options, who, kind, emotion or drawn, timing, stamps / 1e6, stamps)
    return plan, min(count - 1, round(timing.rise_ms * fps / 1000.0)), fps


def _plan(
    rng: np.random.Generator, options: SyntheticOptions, identity: Identity, kind: str,
    emotion: str, timing: EventTiming, times: Array, stamps: NDArray[np.int64],
    still_face: bool = False,
) -> ClipPlan:  # fmt: skip
    neutral = rng.random() < 0.6 or still_face
    expression = sample_expression(rng, 0.0 if neutral else float(rng.uniform(0, 0.45)))
    points = apply_expression(identity.points, expression)
    units = choose_sides(emotion, sample_units(emotion, rng), rng) if kind != "none" else []
    limits = options.amplitude_macro if kind == "macro" else options.amplitude_micro
    amplitude = float(rng.uniform(*limits)) if units else 0.0
    fields, strength, amplitude = action_strengths(rng, units, points, timing, times, amplitude)
    motion = _motion(rng, options, times, strength)
    truth, size = place(rng, points, identity, fields, motion, options)
    gaze = (float(rng.normal(0, 0.35)), float(rng.normal(0, 0.3)))
    names = tuple(f"{'' if side == 'B' else side}{unit}" for unit, side in units)
    return ClipPlan(identity, emotion, kind, names, amplitude, stamps, gaze, truth, size)


def _kinds(options: SyntheticOptions) -> list[float]:
    return [options.p_none, options.p_macro, max(0.0, 1 - options.p_none - options.p_macro)]


def _times(
    rng: np.random.Generator, options: SyntheticOptions, timing: EventTiming, fps: float
) -> tuple[Array, NDArray[np.int64]]:
    """Times of the 8 frames in ms after the onset, and their timestamps from 0 in ns."""
    count = int(timing.total_ms * fps / 1000.0) + 1
    protocol = options.protocol
    if protocol == "mixed":
        protocol = ("event", "official", "sliding")[int(rng.integers(3))]
    if protocol == "event":
        indices = event_indices(count)
    elif protocol == "official":
        indices = official_indices(count, rng)
    else:
        apex = round(timing.rise_ms * fps / 1000.0)
        indices = sliding_indices(apex, fps, options.window_ms, rng)
    phase = rng.random()
    stamps = np.round((indices - indices[0]) * 1e9 / fps).astype(np.int64)
    times = np.asarray((indices + phase) * 1000.0 / fps, np.float64)
    return times, stamps


def choose_sides(
    emotion: str, units: tuple[int, ...], rng: np.random.Generator
) -> list[tuple[int, str]]:
    """Contempt shows on one side; other units now and then, those in the middle never."""
    chosen: list[tuple[int, str]] = []
    for unit in units:
        one_sided = emotion == "contempt" or (unit in (2, 10, 12, 15) and rng.random() < 0.08)
        chosen.append((unit, ("L", "R")[int(rng.integers(2))] if one_sided else "B"))
    return chosen


def action_strengths(
    rng: np.random.Generator, units: list[tuple[int, str]], points: Array, timing: EventTiming,
    times: Array, amplitude: float,
) -> tuple[tuple[ActionField, ...], Array, float]:  # fmt: skip
    """The units' fields, their strength [T, K], and what the strongest reaches of `amplitude`."""
    courses = list(action_courses(rng, units, points, timing, 0.0, amplitude))
    rows = [peak * course(times) for _, peak, course in courses]
    strength = np.stack(rows, 1) if rows else np.zeros((len(times), 0))
    largest = max((peak for _, peak, _ in courses), default=0.0)
    return tuple(field for field, _, _ in courses), strength, largest


def action_courses(
    rng: np.random.Generator, units: list[tuple[int, str]], points: Array, timing: EventTiming,
    onset_ms: float, amplitude: float,
) -> Iterator[tuple[ActionField, float, Course]]:  # fmt: skip
    """Each unit's field on each side, with its peak strength and its course in time."""
    shares = rng.uniform(0.55, 1.0, max(len(units), 1))
    shares /= shares.max()
    for (unit, side), share in zip(units, shares, strict=False):
        course = sample_course(rng, onset_ms, timing)
        uneven = rng.uniform(0.75, 1.0)
        weaker = int(rng.integers(2))
        for i, one in enumerate("LR" if side == "B" else side):
            scale = uneven if side == "B" and i == weaker else 1.0
            peak = min(amplitude * share * scale, reach(unit))
            yield action_field(unit, one, points), peak, course


def _motion(
    rng: np.random.Generator, options: SyntheticOptions, times: Array, strength: Array
) -> Motion:
    calm = 0.0 if rng.random() < 0.2 else float(rng.gamma(2.0, 0.5)) * options.drift
    limit = np.radians(options.pose_degrees)
    slow = (600.0, 4000.0)
    angles = np.stack(
        [np.clip(rng.normal(0, 0.45 * limit), -limit, limit)
         + smooth_drift(rng, times, np.radians(0.5) * calm, slow) for _ in range(2)]
        + [np.clip(rng.normal(0, 0.12), -0.3, 0.3)
           + smooth_drift(rng, times, np.radians(0.35) * calm, slow)], axis=1)  # fmt: skip
    scale = float(np.exp(rng.uniform(*np.log(options.scale))))
    shift = np.stack([smooth_drift(rng, times, 0.45 * calm * scale, slow) for _ in range(2)], 1)
    zoom = scale * (1 + smooth_drift(rng, times, 0.003 * calm, slow))
    lids = np.zeros(len(times))
    if rng.random() < options.p_blink:
        lids = np.round(Blink(float(rng.uniform(times[0] - 150, times[-1] - 60)))(times), 2)
    return Motion(angles, shift, zoom, strength, lids, float(rng.uniform(320, 1500)))
