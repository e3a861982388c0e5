"""Movements told by their shape: small ones in noise, and only where nothing else tells them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mol_edge import cells
from mol_edge.event import EventKind
from mol_edge.motion import Motion
from mol_edge.path_history import PathHistory, Shape
from mol_edge.second_look import SecondLook
from mol_edge.spot import Spot, SpotterOptions
from mol_edge.spotting import Spotter

FPS = 50
CORNER = {48: (-0.35, -0.25), 49: (-0.25, -0.2), 59: (-0.2, -0.15), 60: (-0.3, -0.2)}
LIDS = dict.fromkeys((37, 38, 43, 44), (0, 3.0))

Where = dict[int, tuple[float, float]]


def motions(
    happenings: list[tuple[float, float, Where]],
    noise: float,
    seconds: float,
    seed: int = 0,
    fps: float = FPS,
    spike: tuple[int, Where] = (0, {}),
) -> list[tuple[int, Motion]]:
    """Times and motions of paths with noise; each happening is (onset, offset in s, where).

    A spike is one frame in which points are elsewhere.
    """
    rng = np.random.default_rng(seed)
    times = np.arange(0, seconds, 1 / fps)
    paths = rng.normal(0, noise, (len(times), 68, 2))
    for onset, offset, where in happenings:
        phase = np.clip((times - onset) / (offset - onset), 0, 1)
        course = 0.5 - 0.5 * np.cos(2 * np.pi * phase)
        for point, vector in where.items():
            paths[:, point] += course[:, None] * vector
    for point, vector in spike[1].items():
        paths[spike[0], point] += 1.5 * np.array(vector)
    still, stamps = Motion.still(), np.round(times * 1e9).astype(int)
    return [
        (
            int(stamps[k]),
            Motion(
                vectors, np.hypot(*vectors.T), still.confidence, still.head, still.axes,
                still.deviation, int(stamps[k - 1]),
            ),
        )
        for k in range(1, len(times))
        for vectors in [(paths[k] - paths[k - 1]).astype(np.float32)]
    ]  # fmt: skip


def looked(
    happenings: list[tuple[float, float, Where]],
    noise: float = 0.11,
    following: Callable[[float], bool] = lambda _: False,
    first: tuple[float, float, float] | None = None,
    options: SpotterOptions | None = None,
    fps: float = FPS,
) -> list[tuple[float, Spot]]:
    """What a second look tells, with the time at which it does.

    `first` is when the first look tells something, and its onset and offset.
    """
    history = PathHistory(5500, 0.18, 6.05)
    look, found = SecondLook(history, options or SpotterOptions()), []
    for k, (now, motion) in enumerate(motions(happenings, noise, 7, fps=fps)):
        history.add(now, k + 1, motion)
        history.learn_noise()
        spots = []
        if first is not None and now == round(first[0] * 1e9):
            onset, offset = (round(1e9 * at) for at in first[1:])
            kind = SpotterOptions().kind_of((offset - onset) / 1e6)
            spots = [Spot(onset, onset, offset, -1, -1, -1, kind, {})]
        found += [(now / 1e9, spot) for spot in look.push(now, spots, following(now / 1e9))]
    return found


def test_a_movement_slower_than_noise_is_told_once_with_its_times():
    ((at, spot),) = looked([(3.0, 3.44, CORNER)])
    assert spot.kind is EventKind.MICRO
    assert spot.onset_ns / 1e9 == pytest.approx(3.0, abs=0.1)
    assert spot.apex_ns / 1e9 == pytest.approx(3.22, abs=0.06)
    assert spot.offset_ns / 1e9 == pytest.approx(3.44, abs=0.1)
    assert spot.onset == pytest.approx(spot.onset_ns * FPS / 1e9, abs=1)
    assert max(spot.peak_px, key=lambda region: spot.peak_px[region]) == "mouth"
    assert spot.peak_px["mouth"] == pytest.approx(0.37, abs=0.15)
    assert 0.3 < at - spot.offset_ns / 1e9 < 0.6


def test_the_spotter_tells_what_either_look_finds_and_nothing_twice():
    small, large = (
        (3.0, 3.44, CORNER),
        (5.0, 5.3, {p: (4 * x, 4 * y) for p, (x, y) in CORNER.items()}),
    )
    spotter, spots = Spotter(), []
    for k, (now, motion) in enumerate(motions([small, large], 0.11, 7)):
        spots += spotter.push(now, k + 1, motion)
    assert [round(spot.onset_ns / 1e9) for spot in spots] == [3, 5]


def test_a_still_face_gives_none():
    assert all(not looked([], noise) for noise in (0.02, 0.11, 0.3))


def test_what_the_first_look_tells_is_not_told_again():
    ((at, spot),) = looked([(3.0, 3.44, CORNER)], first=(3.5, 3.0, 3.4))
    assert (at, spot.onset) == (3.5, -1)


def test_it_waits_for_a_movement_that_is_being_followed():
    ((at, spot),) = looked([(3.0, 3.44, CORNER)], following=lambda now: 2.8 < now < 4.0)
    assert at == pytest.approx(4.0, abs=0.03)
    assert spot.apex_ns / 1e9 == pytest.approx(3.22, abs=0.06)


def test_it_does_not_wait_until_the_frames_are_gone_and_nothing_is_told_twice():
    ((at, spot),) = looked(
        [(3.0, 3.44, CORNER)], following=lambda now: now > 2.8, first=(5.0, 2.9, 3.5)
    )
    assert 4.2 < at < 4.6
    assert spot.onset > 0


@pytest.mark.parametrize(("onset", "offset"), [(3.9, 4.4), (2.6, 4.4)])
def test_the_first_look_tells_another_movement_and_one_that_has_this_as_a_part(onset, offset):
    found = looked(
        [(3.0, 3.44, CORNER)], following=lambda now: now > 2.8, first=(5.0, onset, offset)
    )
    assert [spot.onset > 0 for _, spot in found] == [True, False]


def test_a_long_movement_of_brows_is_told_beside_a_short_one_of_the_mouth():
    brow = dict.fromkeys((17, 18, 19, 20, 21), (0, -1.2))
    spotter, spots = Spotter(), []
    for k, (now, motion) in enumerate(motions([(3.0, 4.6, brow), (3.3, 3.65, CORNER)], 0.02, 7)):
        spots += spotter.push(now, k + 1, motion)
    assert EventKind.MACRO in [spot.kind for spot in spots]


@pytest.mark.parametrize("fps", [8, 10, 15, 20, 25, 30, 60])
def test_an_error_of_one_frame_is_no_movement(fps):
    for seed in range(3):
        given = motions([], 0.02, 7, seed, fps, spike=(round(4.1 * fps), CORNER))
        spotter, spots = Spotter(), []
        for k, (now, motion) in enumerate(given):
            spots += spotter.push(now, k + 1, motion)
        assert spots == []


@pytest.mark.parametrize("fps", [15, 25, 120, 240])
def test_slow_and_fast_cameras_see_it(fps):
    found = looked([(3.0, 3.44, CORNER)], 0.06, fps=fps)
    assert [round(spot.apex_ns / 1e9, 1) for _, spot in found] == [3.2]


def test_what_waits_is_gone_after_a_gap():
    history = PathHistory(5500, 0.18, 6.05)
    look, found = SecondLook(history, SpotterOptions()), []
    for k, (now, motion) in enumerate(motions([(3.0, 3.44, CORNER)], 0.08, 5)):
        late = now if now < 3.9e9 else now + 60_000_000_000
        since = motion.since_ns if now < 3.9e9 else None
        assert history.add(late, k + 1, replace(motion, since_ns=since))
        history.learn_noise()
        found += look.push(late, [], now < 3.9e9)
    assert found == []


def test_of_two_that_overlap_the_clearer_is_told(monkeypatch):
    history = PathHistory(5500, 0.18, 6.05)
    look = SecondLook(history, SpotterOptions())
    for k, (now, motion) in enumerate(motions([], 0.02, 4)):
        history.add(now, k + 1, motion)
    peak = np.zeros((cells.COUNT, 2))
    near, far = (
        Shape(at - 220_000_000, at, at + 220_000_000, clear, 6.0, 6, peak, peak[:10])
        for at, clear in ((3_000_000_000, 8.0), (3_360_000_000, 9.0))
    )
    look._waiting = [(near, 3_500_000_000), (far, 3_500_000_000)]
    (spot,) = look.push(3_900_000_000, [], False)
    assert spot.apex_ns == 3_360_000_000


def test_two_movements_wait_together():
    found = looked(
        [(3.0, 3.44, CORNER), (4.2, 4.64, CORNER)], 0.08, following=lambda now: 2.8 < now < 5.0
    )
    assert [round(spot.onset_ns / 1e9, 0) for _, spot in found] == [3, 4]


def test_what_lies_beside_a_blink_is_none():
    assert looked([(3.0, 3.44, CORNER), (3.3, 3.6, LIDS)]) == []


def test_what_the_whole_face_shares_is_none():
    head = dict.fromkeys(range(68), (0.3, 0.2))
    assert looked([(3.0, 3.44, head)]) == []


def test_options_say_what_is_short():
    ((_, spot),) = looked([(3.0, 3.44, CORNER)], options=SpotterOptions(micro_ms=200))
    assert spot.kind is EventKind.MACRO
    assert looked([(3.0, 3.44, CORNER)], options=SpotterOptions(least_ms=480)) == []


def test_what_was_told_weeks_ago_is_forgotten():
    history = PathHistory(5500)
    look, still = SecondLook(history, SpotterOptions()), Motion.still()
    for k in range(1, 2000):
        now = k * 20_000_000
        history.add(now, k, still)
        spot = Spot(now - 2, now - 1, now, k, k, k, EventKind.MICRO, {})
        assert look.push(now, [spot], False) == [spot]
    assert len(look._told) <= 4000 / 20 + 1


def test_a_restart_forgets_what_waits():
    history = PathHistory(5500, 0.18, 6.05)
    look = SecondLook(history, SpotterOptions())
    found = []
    for k, (now, motion) in enumerate(motions([(3.0, 3.44, CORNER)], 0.11, 7)):
        history.add(now, k + 1, motion)
        history.learn_noise()
        found += look.push(now, [], now < 4e9)
        if abs(now - 3.9e9) < 1e7:
            look.restart()
    assert found == []
