"""Why micro-expressions were missed and others invented: counts by cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.spotting_score import LONGEST_MS, iou, match, shortest_ms
from mol_edge.event import EventKind
from mol_edge.spot import Spot
from training.synthetic.schedule import Happening

MISSED = ("found", "other times", "told as macro", "beside a blink", "not told")
INVENTED = ("micro", "macro", "blink", "turn", "brightness", "nothing")
_BESIDE_MS = 100.0


def outcomes(
    spots: Sequence[Spot], happenings: Sequence[Happening], fps: float
) -> list[tuple[Happening, str]]:
    """What became of each micro-expression of a length that is asked for: one of `MISSED`.

    "other times" is one that was told as micro with too little overlap, "beside a blink" one of
    which nothing was told and that lies within 100 ms of a blink.
    """
    micro = [spot for spot in spots if spot.kind is EventKind.MICRO]
    truths = [each for each in happenings if each.kind == "micro"]
    hit = match(micro, truths)
    found = []
    for index, truth in enumerate(truths):
        if shortest_ms(fps) <= truth.offset_ms - truth.onset_ms <= LONGEST_MS:
            cause = MISSED[0] if index in hit else _why_missed(truth, spots, happenings)
            found.append((truth, cause))
    return found


def invented(spots: Sequence[Spot], happenings: Sequence[Happening]) -> Counter[str]:
    """What happened where a micro-expression was invented: the first of `INVENTED` that did."""
    micro = [spot for spot in spots if spot.kind is EventKind.MICRO]
    truths = [each for each in happenings if each.kind == "micro"]
    used = set(match(micro, truths).values())
    counts: Counter[str] = Counter()
    for index, spot in enumerate(micro):
        if index not in used:
            kinds = {each.kind for each in happenings if _meets(spot, each)}
            counts[next((kind for kind in INVENTED if kind in kinds), INVENTED[-1])] += 1
    return counts


def _why_missed(truth: Happening, spots: Sequence[Spot], happenings: Sequence[Happening]) -> str:
    kinds = {spot.kind for spot in spots if iou(spot, truth) > 0}
    if EventKind.MICRO in kinds:
        return "other times"
    if kinds:
        return "told as macro"
    start, end = truth.onset_ms - _BESIDE_MS, truth.offset_ms + _BESIDE_MS
    blinks = (each for each in happenings if each.kind == "blink")
    beside = any(each.onset_ms < end and each.offset_ms > start for each in blinks)
    return "beside a blink" if beside else "not told"


def _meets(spot: Spot, happening: Happening) -> bool:
    return happening.onset_ms < spot.offset_ns / 1e6 and happening.offset_ms > spot.onset_ns / 1e6
