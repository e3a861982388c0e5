"""How spots are scored, and that a still face gives none."""

from __future__ import annotations

import pytest

from benchmarks.spotting_score import Score, iou, match
from benchmarks.spotting_still import spots_of_still_face
from mol_edge.event import EventKind
from mol_edge.spot import Spot
from training.synthetic.schedule import Happening


def spot(onset_ms: float, offset_ms: float, kind: EventKind = EventKind.MICRO) -> Spot:
    start, end = round(onset_ms * 1e6), round(offset_ms * 1e6)
    return Spot(start, (start + end) // 2, end, 0, 1, 2, kind, {"mouth": 1.0})


def truth(onset_ms: float, offset_ms: float, kind: str = "micro") -> Happening:
    return Happening(kind, onset_ms, (onset_ms + offset_ms) / 2, offset_ms, "happiness", ("12",), 1)


def test_overlap():
    assert iou(spot(100, 300), truth(200, 400)) == pytest.approx(1 / 3)
    assert iou(spot(100, 200), truth(200, 400)) == 0


def test_each_is_matched_once_and_the_best_first():
    truths = [truth(0, 300), truth(1000, 1300)]
    spots = [spot(60, 300), spot(0, 290), spot(1200, 1300)]
    assert match(spots, truths) == {0: 1}


def test_counts():
    happenings = [truth(1000, 1300), truth(3000, 3150), truth(5000, 6000, "macro")]
    spots = [spot(1010, 1310), spot(2000, 2200), spot(3010, 3150)]
    spots.append(spot(5100, 6000, EventKind.MACRO))
    score = Score()
    score.add(spots, happenings, fps=30)
    # 150 ms are not asked for at 30 frames a second; spotting them is no fault.
    assert (score.truths, score.hits, score.false) == (1, 1, 1)
    assert (score.macro_truths, score.macro_hits) == (1, 1)
    assert (score.recall, score.precision) == (1, 0.5)
    score = Score().merge([score, score])
    assert (score.truths, score.hits, score.false) == (2, 2, 2)
    assert len(score.by_amplitude) == 2


@pytest.mark.parametrize("grain", [2.0, 6.0])
def test_a_still_noisy_face_gives_no_event(grain):
    assert spots_of_still_face(11, 30.0, 20.0, grain) == []
