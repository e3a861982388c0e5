"""Decides everything about a clip but its pixels: the compact, exact truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from training.synthetic.actions import ActionField, action_field, reach
from training.synthetic.blobs import Blobs
from training.synthetic.camera import crop_transform, five_points
from training.synthetic.depth import relief
from training.synthetic.expression import apply_expression, close_lids, sample_expression
from training.synthetic.face import Identity, make_identity
from training.synthetic.geometry import (
    Head,
    Motion,
    NodeMap,
    flow_between,
)  # fmt: skip
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

Array = NDArray[np.float64]
EXTENT = 92.0
CROP = 128


def stream(seed: int, options: SyntheticOptions, part: int) -> np.random.Generator:
    """The clip's own chance for one part; the two splits never share a stream."""
    return np.random.default_rng([seed, options.first_identity, part])


@dataclass(frozen=True)
class Truth:
    """The exact geometry of T frames; all else that is true of them follows.

    Attributes:
        points: [68, 2] face points at rest, canonical units.
        depth: relief of the face.
        fields: the K action fields.
        motion: of head, camera and actions.
        transforms: [T, 2, 3] from the camera's frame to the crop.
    """

    points: Array
    depth: Blobs
    fields: tuple[ActionField, ...]
    motion: Motion
    transforms: Array

    @cached_property
    def head(self) -> Head:
        """The face's nodes, fields and relief."""
        return Head(EXTENT, self.depth, self.fields)

    @cached_property
    def frame_maps(self) -> list[NodeMap]:
        """Per frame, from face points to the camera's frame."""
        return [self.head.place(self.motion, t) for t in range(len(self.motion.scale))]

    @cached_property
    def crop_maps(self) -> list[NodeMap]:
        """Per frame, from face points to crop pixels."""
        return [m.then(a) for m, a in zip(self.frame_maps, self.transforms, strict=True)]

    def face_points(self, t: int) -> Array:
        """The 68 points [68, 2] in canonical units, lids as a blink has them at frame t."""
        return close_lids(self.points, float(self.motion.lids[t]))

    def landmarks(self, t: int, in_crop: bool = True) -> Array:
        """The 68 points [68, 2] at frame t, in pixels of the crop or of the camera's frame."""
        maps = self.crop_maps if in_crop else self.frame_maps
        return maps[t].forward(self.face_points(t).T).T

    def place_landmarks(self, t: int) -> Array:
        """The 68 points [68, 2] at frame t in the camera's frame, without the other frames."""
        return self.head.place(self.motion, t).forward(self.face_points(t).T).T

    def flow(self, k: int) -> Array:
        """Exact flow [2, 128, 128] from frame k to k + 1, crop pixels."""
        return flow_between(self.crop_maps[k], self.crop_maps[k + 1], CROP)


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
    return (indices + phase) * 1000.0 / fps, stamps


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


def place(
    rng: np.random.Generator, points: Array, identity: Identity, fields: tuple[ActionField, ...],
    motion: Motion, options: SyntheticOptions,
) -> tuple[Truth, int]:  # fmt: skip
    """Centre the face in its frame, find the alignment; returns the truth and the frame's side."""
    depth = relief(points, identity.rng(5))
    frames = len(motion.scale)
    loose = Truth(points, depth, fields, motion, np.tile(np.eye(2, 3), (frames, 1, 1)))
    # A locked transform is anchored on a few frames; the other kind needs all of them.
    locked = options.alignment == "anchored"
    seen = sorted({0, frames // 2, frames - 1}) if locked else range(frames)
    marks = np.stack([loose.place_landmarks(t) for t in seen])
    five = np.stack([five_points(m) for m in marks])
    spread = float(np.ptp(five[0], axis=0).max())
    half = 0.5 * 2.5 * spread * 128 / 143
    roll = abs(float(motion.angles[0, 2]))
    reach = 1.06 * half * (np.cos(roll) + np.sin(roll)) + 6
    size = 2 * int(np.ceil(reach))
    middle = 0.5 * (five[0].min(0) + five[0].max(0))
    moved = Motion(
        motion.angles, motion.shift + (size - 1) / 2 - middle, motion.scale, motion.strength,
        motion.lids, motion.distance,
    )  # fmt: skip
    five = five + (size - 1) / 2 - middle
    eyes = float(np.hypot(*(five[0, 1] - five[0, 0])))
    five += options.jitter * eyes * rng.standard_normal((1, 5, 2))
    if locked:
        transforms = np.tile(crop_transform(five.mean(0)), (frames, 1, 1))
    else:
        five += 0.3 * options.jitter * eyes * rng.standard_normal(five.shape)
        transforms = np.stack([crop_transform(p) for p in five])
    return Truth(points, depth, fields, moved, transforms), size
