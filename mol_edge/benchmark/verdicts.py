"""Verdicts on two reports' figures: everything together first, then each result by itself.

What slows everything by a tenth hides in the noise of one result and shows in the mean of all, so
that mean is tested first, at a level of its own. Processes of one round lie beside each other in
time and share the machine's mood, so round k of every configuration forms one sample of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from statistics import fmean
from typing import Literal

from mol_edge.benchmark.evidence import Figures, Key
from mol_edge.benchmark.modes import AROUND
from mol_edge.benchmark.noise import Change, Sample, holm, judge

Verdict = Literal["slower", "faster", "same", "unclear"]

LEAST_PROCESSES = 2
"""Fewer say nothing of their spread."""
ENOUGH_PROCESSES = 6
"""With so many a tenth was found in 95% of pairs drawn from real runs, with 4 in 78%."""

_LEVEL_OF_ALL = 0.03
_LEVEL_OF_EACH = 0.01


@dataclass(frozen=True)
class Judgement:
    """A result, or the mean of several, in both reports.

    Attributes:
        keys: whose mean it is.
        change: how much slower, with bounds; None where too few processes are left.
        verdict: see `mol_edge.benchmark.compare.Finding`.
    """

    keys: tuple[Key, ...]
    change: Change | None
    verdict: Verdict


def judge_figures(before: Figures, after: Figures, least_change: float) -> list[Judgement]:
    """Each result that both have, each configuration where there are several, and all at last.

    The mean of all is tested at 3% by itself, the others together at 1% (Holm), so that fewer than
    one report in twenty is called slower by chance. Means leave out the modes without the network.

    Args:
        before: figures of the first report.
        after: of the second.
        least_change: smallest change that is called one, as a part.
    """
    keys = tuple(key for key in before if key in after)
    network = tuple(key for key in keys if key.mode not in AROUND)
    groups = [*((key,) for key in keys), *_configurations(network)]
    if len(network) > 1:
        groups.append(network)
    changes = _changes([_sample(before, after, group) for group in groups])
    each = len(changes) - (len(network) > 1)
    slower = _certain([None if one is None else one.slower for one in changes], each)
    faster = _certain([None if one is None else one.faster for one in changes], each)
    return [
        Judgement(group, change, _verdict(change, least_change, *certain))
        for group, change, *certain in zip(groups, changes, slower, faster)
    ]


def _configurations(keys: Sequence[Key]) -> list[tuple[Key, ...]]:
    """The results of each device and precision, where there are several of both."""
    groups: dict[tuple[str, str], list[Key]] = {}
    for key in keys:
        groups.setdefault(key[:2], []).append(key)
    return [tuple(group) for group in groups.values() if len(group) > 1 and len(groups) > 1]


def _sample(before: Figures, after: Figures, keys: Sequence[Key]) -> Sample | None:
    """A mean over results for each round; None where too few rounds are left.

    Each result is taken against its mean over both reports, so that one that a round lacks, since
    it was disturbed, does not shift the others.
    """
    sides: list[dict[int, list[float]]] = [{}, {}]
    for key in keys:
        rounds = [
            {at: value for at, value in enumerate(figures[key]) if value is not None}
            for figures in (before, after)
        ]
        if not all(rounds):
            continue
        middle = fmean(fmean(side.values()) for side in rounds)
        for side, into in zip(rounds, sides):
            for at, value in side.items():
                into.setdefault(at, []).append(value - middle)
    old, new = ([exp(fmean(values)) for values in side.values()] for side in sides)
    return Sample(old, new) if min(len(old), len(new)) >= LEAST_PROCESSES else None


def _changes(samples: Sequence[Sample | None]) -> list[Change | None]:
    found = iter(judge([sample for sample in samples if sample is not None]))
    return [None if sample is None else next(found) for sample in samples]


def _certain(probabilities: Sequence[float | None], each: int) -> list[bool]:
    """Which hold: the first so many at their level together, what comes after at its own."""
    parts = (probabilities[:each], _LEVEL_OF_EACH), (probabilities[each:], _LEVEL_OF_ALL)
    certain: list[bool] = []
    for part, level in parts:
        holds = iter(holm([value for value in part if value is not None], level))
        certain += [value is not None and next(holds) for value in part]
    return certain


def _verdict(change: Change | None, least: float, slower: bool, faster: bool) -> Verdict:
    if change is None:
        return "unclear"
    if slower and change.ratio >= 1 + least:
        return "slower"
    if faster and change.ratio <= 1 / (1 + least):
        return "faster"
    if change.high < 1 + 2 * least and change.low > 1 / (1 + 2 * least):
        return "same"
    return "unclear"
