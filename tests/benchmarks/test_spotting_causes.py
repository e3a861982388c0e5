from __future__ import annotations

from benchmarks.spotting_causes import invented, outcomes
from mol_edge.event import EventKind
from mol_edge.spot import Spot
from training.synthetic.schedule import Happening


def truth(kind: str, onset_ms: float, offset_ms: float) -> Happening:
    return Happening(kind, onset_ms, (onset_ms + offset_ms) / 2, offset_ms, amplitude=1.0)


def spot(onset_ms: float, offset_ms: float, kind: EventKind = EventKind.MICRO) -> Spot:
    times = [round(1e6 * at) for at in (onset_ms, (onset_ms + offset_ms) / 2, offset_ms)]
    return Spot(times[0], times[1], times[2], 0, 1, 2, kind, {"mouth": 1.0})


def test_each_miss_has_its_cause() -> None:
    happenings = [
        truth("micro", 1000, 1300),
        truth("micro", 2000, 2300),
        truth("micro", 3000, 3300),
        truth("micro", 4000, 4300),
        truth("blink", 4350, 4500),
        truth("micro", 5000, 5300),
        truth("micro", 6000, 6150),
    ]
    spots = [spot(1010, 1290), spot(2200, 2500), spot(3000, 3600, EventKind.MACRO)]
    causes = [cause for _, cause in outcomes(spots, happenings, 30.0)]
    wanted = ["found", "other times", "told as macro", "beside a blink", "not told"]
    assert causes == wanted, "the last one is too short to be asked for at 30 fps"
    assert [cause for _, cause in outcomes(spots, happenings, 100.0)] == [*wanted, "not told"]


def test_inventions_are_told_by_what_happened() -> None:
    happenings = [truth("micro", 1000, 1300), truth("blink", 2000, 2200), truth("turn", 2100, 3000)]
    spots = [spot(1000, 1300), spot(2050, 2300), spot(2600, 2900), spot(4000, 4200)]
    assert invented(spots, happenings) == {"blink": 1, "turn": 1, "nothing": 1}
    assert invented([spot(2600, 2900, EventKind.MACRO)], happenings) == {}
