"""How often `mol-edge benchmark compare` is wrong on a machine, from reports recorded there.

    python -m benchmarks.compare_noise REPORT.json… [--pairs 400] [--slower 1.1]

Every two of the given reports are compared as they are, and with the second one's processes slowed
by `--slower` in all modes. Then pairs are drawn: whole rounds at random, with replacement, so that
what the processes of a round share is kept, first both from the rounds of all reports
(``pooled``), then each from another report (``between``). Pooled rounds know no drift from one
report to the next; drawn between few reports, a drift that happened once comes again in every
pair. What is true lies between the two. A report of `--quick` has one round, and tells nothing.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Mapping, Sequence
from math import log
from pathlib import Path

import numpy as np

from mol_edge.benchmark.compare import LEAST_CHANGE
from mol_edge.benchmark.evidence import Figures, Key, figures_of, products_comparable
from mol_edge.benchmark.report import Report
from mol_edge.benchmark.verdicts import LEAST_PROCESSES, judge_figures
from mol_edge.commands.values import number, whole
from mol_edge.errors import InputError

Round = Mapping[Key, "float | None"]
Pair = tuple[Sequence[Round], Sequence[Round]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare, draw, print."""
    given = _parser().parse_args(arguments)
    reports = [Report.read(path) for path in given.reports]
    relative = all(products_comparable(reports[0], report) for report in reports)
    figures = [figures_of(report, relative) for report in reports]
    for path, each in zip(given.reports, figures):
        _check_rounds(path, each)
    rounds = [rounds_of(each) for each in figures]
    for before, after in itertools.permutations(range(len(reports)), 2):
        pair = rounds[before], rounds[after]
        print(
            f"{given.reports[before]} and {given.reports[after]}: {_told(pair, 1.0)}; the second "
            f"slowed {given.slower:g} times: {_told(pair, given.slower)}"
        )
    draws = {"pooled": pooled(rounds, given.pairs)}
    if len(rounds) > 1:
        draws["between"] = between(rounds, given.pairs)
    for name, pairs in draws.items():
        drawn = list(pairs)
        false, found = (_rate(drawn, factor) for factor in (1.0, given.slower))
        print(
            f"{name}, {len(drawn)} pairs: {false:.1%} called slower, {found:.1%} where the second "
            f"was slowed {given.slower:g} times"
        )


def _check_rounds(path: Path, figures: Figures) -> None:
    """Raise where a report has too few undisturbed rounds for any two of them to be compared."""
    count = max((len(values) - values.count(None) for values in figures.values()), default=0)
    if count < LEAST_PROCESSES:
        raise InputError(
            f"A report must have {LEAST_PROCESSES} rounds or more that nothing disturbed, and "
            f"{path} has {count}: measure on an idle machine, without --quick."
        )


def rounds_of(figures: Figures) -> list[Round]:
    """A report's figures, round by round.

    Example:
        >>> key = Key("onnxruntime:cpu", "fp32", "stream", "camera")
        >>> rounds_of({key: [0.5, None]})[1][key] is None
        True
    """
    count = max(map(len, figures.values()), default=0)
    return [
        {key: values[at] for key, values in figures.items() if at < len(values)}
        for at in range(count)
    ]


def pooled(reports: Sequence[Sequence[Round]], count: int) -> Iterator[Pair]:
    """Pairs of reports whose rounds are drawn from those of all reports."""
    random = np.random.default_rng(0)
    every = [one for rounds in reports for one in rounds]
    size = min(map(len, reports))
    for _ in range(count):
        yield _drawn(every, size, random), _drawn(every, size, random)


def between(reports: Sequence[Sequence[Round]], count: int) -> Iterator[Pair]:
    """Pairs of reports whose rounds are drawn from one report each."""
    random = np.random.default_rng(0)
    for _ in range(count):
        before, after = (reports[at] for at in random.permutation(len(reports))[:2])
        yield _drawn(before, len(before), random), _drawn(after, len(after), random)


def called_slower(pair: Pair, factor: float) -> list[tuple[Key, ...]]:
    """What is called slower in the second of a pair, slowed by a factor; each as its results."""
    before, after = (_figures(rounds) for rounds in pair)
    slowed = {
        key: [None if value is None else value + log(factor) for value in values]
        for key, values in after.items()
    }
    judged = judge_figures(before, slowed, LEAST_CHANGE)
    return [each.keys for each in judged if each.verdict == "slower"]


def _rate(pairs: Sequence[Pair], factor: float) -> float:
    return sum(bool(called_slower(pair, factor)) for pair in pairs) / len(pairs)


def _drawn(rounds: Sequence[Round], count: int, random: np.random.Generator) -> list[Round]:
    return [rounds[int(at)] for at in random.integers(len(rounds), size=count)]


def _figures(rounds: Sequence[Round]) -> dict[Key, list[float | None]]:
    keys = dict.fromkeys(key for one in rounds for key in one)
    return {key: [one.get(key) for one in rounds] for key in keys}


def _told(pair: Pair, factor: float) -> str:
    names = [
        " ".join(keys[0]) if len(keys) == 1 else f"{len(keys)} together"
        for keys in called_slower(pair, factor)
    ]
    return f"SLOWER ({', '.join(names)})" if names else "no slower"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare_noise", description=__doc__)
    parser.add_argument("reports", type=Path, nargs="+")
    parser.add_argument("--pairs", type=whole(1), default=400)
    parser.add_argument("--slower", type=number(above=0), default=1.1)
    return parser


if __name__ == "__main__":
    main()
