"""Movements spotted in motion whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mol_edge import spotting
from mol_edge.event import EventKind
from mol_edge.motion import Motion
from mol_edge.second_look import SecondLook
from mol_edge.spot import Spot, SpotterOptions
from mol_edge.spotting import Spotter

SMILE = {48: (-0.7, -0.5), 49: (-0.5, -0.4), 59: (-0.4, -0.3), 60: (-0.6, -0.4)}
BROW = {17: (0, -0.6), 18: (0, -0.9), 19: (0, -1.0), 20: (0, -0.9), 21: (0, -0.6)}
LIDS = {37: (0, 4.0), 38: (0, 4.0), 43: (0, 4.0), 44: (0, 4.0), 40: (0, -0.5), 47: (0, -0.5)}
# A brow's patch sees some of the lid below it.
BLINK = {**LIDS, 19: (0, 0.6), 20: (0, 0.6), 24: (0, 0.6)}

Happening = tuple[float, float, float, dict[int, tuple[float, float]]]


def hump(t: np.ndarray, onset: float, apex: float, offset: float) -> np.ndarray:
    rise = np.clip((t - onset) / (apex - onset), 0, 1)
    fall = np.clip((t - apex) / (offset - apex), 0, 1)
    return 0.5 * (np.cos(np.pi * fall) - np.cos(np.pi * rise))


def spots_of(
    happenings: list[Happening],
    fps: float = 60.0,
    seconds: float = 6.0,
    noise: float = 0.04,
    jitter: float = 0.0,
    drift: float = 0.0,
    seed: int = 0,
) -> list[Spot]:
    """Spots in paths of patches with noise; each happening is (onset, apex, offset in s, where)."""
    rng = np.random.default_rng(seed)
    times = np.arange(0, seconds, 1 / fps)
    times = times + jitter / fps * rng.uniform(-0.5, 0.5, len(times))
    paths = rng.normal(0, noise, (len(times), 68, 2))
    paths += drift * times[:, None, None]
    for onset, apex, offset, where in happenings:
        for point, vector in where.items():
            paths[:, point] += hump(times, onset, apex, offset)[:, None] * vector
    spotter, still, spots = Spotter(), Motion.still(), []
    stamps = np.round(times * 1e9).astype(int)
    for k in range(1, len(times)):
        vectors = (paths[k] - paths[k - 1]).astype(np.float32)
        motion = Motion(
            vectors, np.hypot(*vectors.T), still.confidence, still.head, still.axes,
            still.deviation, int(stamps[k - 1]),
        )  # fmt: skip
        spots += spotter.push(int(stamps[k]), k, motion)
    return spots


def overlap(spot: Spot, onset: float, offset: float) -> float:
    start, end = spot.onset_ns / 1e9, spot.offset_ns / 1e9
    return (min(end, offset) - max(start, onset)) / (max(end, offset) - min(start, onset))


@pytest.mark.parametrize("fps", [30, 60, 120, 240])
@pytest.mark.parametrize("where", [SMILE, BROW])
def test_a_micro_expression_is_found(fps, where):
    spots = spots_of([(3.0, 3.15, 3.4, where)], fps)
    assert len(spots) == 1
    (spot,) = spots
    assert spot.kind is EventKind.MICRO
    assert overlap(spot, 3.0, 3.4) > 0.7
    assert spot.apex_ns / 1e9 == pytest.approx(3.15, abs=0.06)
    assert spot.onset == pytest.approx(spot.onset_ns * fps / 1e9, abs=1)
    region = "mouth" if where is SMILE else "left_brow"
    assert max(spot.peak_px, key=spot.peak_px.get) == region
    assert spot.peak_px[region] == pytest.approx(0.8, abs=0.25)


def test_short_long_and_close_events():
    truth = [(2.0, 2.05, 2.12), (3.0, 3.2, 3.45), (4.0, 4.08, 4.2), (5.0, 5.8, 6.6)]
    spots = spots_of([(*times, SMILE) for times in truth], 120, seconds=8)
    assert [spot.kind.value for spot in spots] == ["micro"] * 3 + ["macro"]
    for spot, (onset, _, offset) in zip(spots, truth):
        assert overlap(spot, onset, offset) > 0.5


@pytest.mark.parametrize(
    ("fps", "frames", "kind"), [(25, 13, "micro"), (25, 14, "macro"), (200, 101, "micro")]
)
def test_a_duration_is_known_to_one_frame(fps, frames, kind):
    period_ms, most_ms = 1000 / fps, SpotterOptions().micro_ms
    assert frames * period_ms > most_ms
    rng = np.random.default_rng(5)
    for lasts in rng.uniform(0.47, 0.62, 40):
        spots = spots_of([(3.0, 3.0 + lasts / 2, 3.0 + lasts, SMILE)], fps, noise=0.005)
        if [spot.offset - spot.onset for spot in spots] == [frames]:
            assert spots[0].kind.value == kind
            return
    pytest.fail(f"no movement was measured to take {frames} frames")


@pytest.mark.parametrize(("duration", "found"), [(0.06, 0), (0.13, 1)])
def test_what_is_too_short_is_noise(duration, found):
    times = (3.0, 3.0 + duration / 2, 3.0 + duration)
    assert len(spots_of([(*times, BROW)], 200, noise=0.01)) == found


def test_a_blink_is_no_event():
    assert spots_of([(3.0, 3.1, 3.3, BLINK)]) == []


@pytest.mark.parametrize(("strength", "found"), [(1.1, 0), (1.6, 1), (3.2, 1)])
def test_what_a_blink_shakes_elsewhere_is_less_than_half_of_the_lids_way(strength, found):
    lids = {point: (0.4 * x, 0.4 * y) for point, (x, y) in LIDS.items()}
    corner = {point: (strength * x, strength * y) for point, (x, y) in SMILE.items()}
    assert len(spots_of([(3.0, 3.1, 3.3, {**lids, **corner})])) == found


TURN = {
    **dict.fromkeys(range(17, 27), (0.0, 1.0)),
    **dict.fromkeys(range(31, 36), (0.0, -0.6)),
    **dict.fromkeys(range(48, 68), (0.3, 0.3)),
}


@pytest.mark.parametrize("height", [0.8, 1.6])
@pytest.mark.parametrize("onset", [2.6, 3.0, 3.4])
def test_a_short_movement_upon_a_long_one_is_told_by_itself(onset, height):
    smile = {point: (height * x, height * y) for point, (x, y) in SMILE.items()}
    turning = [(2.0, 3.2, 5.0, TURN), (onset, onset + 0.15, onset + 0.3, smile)]
    spots = spots_of(turning, seconds=8.0)
    assert [spot.kind for spot in spots] == [EventKind.MICRO]
    assert spots[0].onset_ns / 1e9 == pytest.approx(onset, abs=0.04)
    assert spots[0].offset_ns / 1e9 == pytest.approx(onset + 0.3, abs=0.04)


def test_a_long_movement_alone_is_no_short_one():
    assert [spot.kind for spot in spots_of([(2.0, 3.2, 5.0, TURN)], seconds=8.0)] != [
        EventKind.MICRO
    ]


@pytest.mark.parametrize(("where", "found"), [(SMILE, 1), (BROW, 5)])
def test_of_a_mouth_that_goes_on_moving_only_the_first_movement_is_told(where, found):
    starts = 3.0 + 0.5 * np.arange(5)
    moves = [(start, start + 0.12, start + 0.24, where) for start in starts]
    spots = spots_of(moves, seconds=8, noise=0.01)
    assert len(spots) == found
    assert overlap(spots[0], 3.0, 3.24) > 0.7


def test_brows_are_seen_beside_a_blink():
    spots = spots_of([(2.0, 2.1, 2.3, BLINK), (3.0, 3.15, 3.4, BROW)])
    assert [round(spot.onset_ns / 1e9, 1) for spot in spots] == [3.0]


@pytest.mark.parametrize("where", [BROW, SMILE])
@pytest.mark.parametrize("late", [-0.08, -0.04, 0.0])
def test_what_no_blink_of_a_face_moves_is_seen_in_a_blink(where, late):
    blinks = [(start, start + 0.1, start + 0.24, LIDS) for start in (1.5, 2.5, 4.0)]
    moved = [(4.0 + late, 4.15 + late, 4.4 + late, where)]
    assert spots_of(blinks) == []
    assert spots_of([*blinks[-1:], *moved]) == []
    spots = spots_of(blinks + moved)
    assert [spot.kind for spot in spots] == [EventKind.MICRO]
    assert overlap(spots[0], 4.0 + late, 4.4 + late) > 0.6


@pytest.mark.parametrize("strength", [0.7, 1.5])
def test_what_each_blink_of_a_face_moves_is_not(strength):
    blink = {**LIDS, **{point: (strength * x, strength * y) for point, (x, y) in BROW.items()}}
    starts = np.arange(1.5, 12, 1.5)
    assert spots_of([(t, t + 0.1, t + 0.24, blink) for t in starts], seconds=14) == []


@pytest.mark.parametrize(("lids", "brows"), [(0.3, 0.0), (0.5, 0.25), (0.14, 0.0)])
def test_half_blinks_do_not_make_events_of_whole_ones(lids, brows):
    def blink(at, closed, leak):
        way = {point: (closed * x, closed * y) for point, (x, y) in LIDS.items()}
        way |= {point: (leak * x, leak * y) for point, (x, y) in BROW.items()}
        return (at, at + 0.1, at + 0.24, way)

    halves = [blink(at, lids, brows) for at in (1.5, 3.0, 4.5, 6.0)]
    wholes = [blink(at, 1.0, 1.0) for at in (9.0, 11.0, 13.0)]
    assert spots_of(halves + wholes, seconds=15) == []


def test_a_change_of_posture_is_no_event():
    assert spots_of([(3.0, 3.2, 30.0, dict.fromkeys(range(48, 68), (1.0, 0.5)))], seconds=8) == []


def test_slow_drift_is_no_event():
    assert spots_of([], drift=0.8, seconds=10) == []


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.3])
def test_a_still_face_gives_no_event(noise):
    assert spots_of([], 30, seconds=120, noise=noise) == []


def test_rates_that_change_do_not_matter():
    spots = spots_of([(3.0, 3.15, 3.4, BROW)], 60, jitter=0.8)
    assert len(spots) == 1
    assert overlap(spots[0], 3.0, 3.4) > 0.6


def test_latency_is_bounded():
    rng = np.random.default_rng(1)
    still, spotter = Motion.still(), Spotter()
    times = np.arange(0, 5, 1 / 60)
    course = hump(times, 3.0, 3.15, 3.4)
    emitted = []
    for k in range(1, len(times)):
        vectors = rng.normal(0, 0.03, (68, 2)).astype(np.float32)
        vectors[17:22, 1] -= course[k] - course[k - 1]
        motion = Motion(
            vectors, np.hypot(*vectors.T), still.confidence, still.head, still.axes, still.deviation
        )
        if spotter.push(round(times[k] * 1e9), k, motion):
            emitted.append(times[k])
    assert len(emitted) == 1
    assert 3.3 < emitted[0] < 3.65


def test_restart_forgets():
    spotter, still = Spotter(), Motion.still()
    for k in range(60):
        assert spotter.push(k * 16_000_000, k, still) == []
    assert spotter.push(0, 0, still) == []
    assert spotter.push(16_000_000, 1, None) == []
    spotter.restart()
    assert spotter.push(5, 2, still) == []


@pytest.mark.parametrize(
    ("measured", "found"),
    [
        ({}, 1),
        ({"beside": 0.3}, 1),
        ({"beside": 0.5}, 0),
        ({"explained": 0.7}, 1),
        ({"explained": 0.6}, 0),
        ({"step": 0.3}, 1),
        ({"step": 0.9}, 0),
    ],
)
def test_a_micro_expression_is_one_movement_that_stands_out(monkeypatch, measured, found):
    """Told is none that its parts go on with before or after, or that rests elsewhere."""

    real = spotting.measure

    def with_measured(*given):
        hump = real(*given)
        return replace(hump, **measured) if hump is not None and hump.ended else hump

    monkeypatch.setattr(spotting, "measure", with_measured)
    monkeypatch.setattr(SecondLook, "_is_movement", lambda self, shape: False)
    assert len(spots_of([(3.0, 3.15, 3.4, BROW)])) == found


@pytest.mark.parametrize(("beside", "found"), [(0.1, 1), (0.5, 0)])
def test_a_macro_expression_may_have_others_beside(monkeypatch, beside, found):
    real = spotting.measure

    def with_beside(*given):
        hump = real(*given)
        return replace(hump, beside=beside) if hump is not None and hump.ended else hump

    monkeypatch.setattr(spotting, "measure", with_beside)
    monkeypatch.setattr(SecondLook, "_is_movement", lambda self, shape: False)
    kinds = [spot.kind for spot in spots_of([(2.0, 2.5, 3.0, BROW), (4.0, 4.1, 4.3, SMILE)])]
    assert kinds == [EventKind.MACRO] + [EventKind.MICRO] * found
