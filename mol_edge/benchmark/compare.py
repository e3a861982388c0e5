"""Two reports held against each other: what became slower, beyond noise and the machine's mood."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import fmean, median

from mol_edge.benchmark.differences import Differences, find_differences
from mol_edge.benchmark.evidence import (
    Key,
    figures_of,
    on_processor,
    products_comparable,
    rows_by_key,
)
from mol_edge.benchmark.losses import find_losses
from mol_edge.benchmark.noise import Change
from mol_edge.benchmark.report import Report
from mol_edge.benchmark.rows import BUSY_CORES, Row, is_undisturbed
from mol_edge.benchmark.verdicts import (
    ENOUGH_PROCESSES,
    LEAST_PROCESSES,
    Judgement,
    Verdict,
    judge_figures,
)
from mol_edge.errors import InputError, OptionError

LEAST_CHANGE = 0.05
_MUCH_DISTURBED = 0.1


@dataclass(frozen=True)
class Finding:
    """One mode and pace of one device and precision, or the mean of several, in both reports.

    Attributes:
        name: device and precision, or that it is all of them.
        what: mode and pace in words, or ``all together``.
        before_ms, after_ms: median latencies; of several results their geometric mean.
        change: how much slower, with its bounds, a processor's own speed divided out; None where
            too few processes are left to judge by.
        verdict: ``slower`` or ``faster``: beyond noise and by the least change or more; ``same``:
            surely less than twice that; ``unclear``: the noise is too large to tell.
    """

    name: str
    what: str
    before_ms: float
    after_ms: float
    change: Change | None
    verdict: Verdict


@dataclass(frozen=True)
class Comparison:
    """What two reports have in common and how they differ.

    Attributes:
        findings: one for each result that both have, one for all of a device and precision where
            there are several, and at last one for everything.
        differences: what else differs: machine, bundle, settings, versions.
        notes: what a reader must know before the verdicts are believed, a sentence each.
        machine_ratio: how much slower small matrix products were in the second run, which the
            changes of processors do not hold; None where nothing is held against them.
        losses: accuracy that became worse, a sentence each.
        only_before, only_after: results that one report alone has.
    """

    findings: tuple[Finding, ...]
    differences: Differences
    notes: tuple[str, ...]
    machine_ratio: float | None
    losses: tuple[str, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    @property
    def regressions(self) -> tuple[Finding, ...]:
        """What became slower; none where the machines differ, which then explains it."""
        if self.differences.machine:
            return ()
        return tuple(each for each in self.findings if each.verdict == "slower")


def compare(before: Report, after: Report, least_change: float = LEAST_CHANGE) -> Comparison:
    """Hold a report against an earlier one of the same machine.

    Each process gives one figure for each result, its latency relative to small matrix products
    (`mol_edge.benchmark.evidence`), and processes are compared (`mol_edge.benchmark.verdicts`):
    one report in twenty at most is called slower by chance, and a machine that is slower as a
    whole is no regression. Where NumPy or its threads differ, plain latencies are compared.

    Args:
        before: what is compared with.
        after: what is judged.
        least_change: smallest change that is called one, as a part.

    Raises:
        InputError: the reports have no result in common.
        OptionError: `least_change` is not between 0 and 1.
    """
    if not 0 < least_change < 1:
        raise OptionError(f"least_change must lie between 0 and 1, got {least_change}.")
    old, new = rows_by_key(before), rows_by_key(after)
    common = [key for key in old if key in new]
    if not common:
        raise InputError(
            "Two reports must have a device, precision and mode in common, and these have "
            f"{_listed(old)} and {_listed(new)}: measure the same again."
        )
    relative = products_comparable(before, after)
    judgements = judge_figures(
        figures_of(before, relative), figures_of(after, relative), least_change
    )
    rows = [[side[key] for key in common] for side in (old, new)]
    held = [[side[key] for key in common if on_processor(key)] for side in (old, new)]
    return Comparison(
        findings=tuple(_finding(each, old, new) for each in judgements),
        differences=find_differences(before, after),
        notes=tuple(_notes(relative, *rows)),
        machine_ratio=_machine_ratio(*held) if relative and held[0] else None,
        losses=tuple(find_losses(before, after)),
        only_before=tuple(f"{old[key].name}, {old[key].what}" for key in old if key not in new),
        only_after=tuple(f"{new[key].name}, {new[key].what}" for key in new if key not in old),
    )


def _finding(judged: Judgement, old: Mapping[Key, Row], new: Mapping[Key, Row]) -> Finding:
    rows = [old[key] for key in judged.keys]
    names = {row.name for row in rows}
    before_ms, after_ms = (
        exp(fmean(log(_median_ms(side[key])) for key in judged.keys)) for side in (old, new)
    )
    return Finding(
        name=rows[0].name if len(names) == 1 else "every device and precision",
        what=rows[0].what if len(rows) == 1 else "all together",
        before_ms=before_ms,
        after_ms=after_ms,
        change=judged.change,
        verdict=judged.verdict,
    )


def _notes(relative: bool, before: Sequence[Row], after: Sequence[Row]) -> Iterator[str]:
    if not relative:
        yield (
            "NumPy or its threads differ, so its matrix products do not tell how fast the machine "
            "was: plain latencies are compared, and a slower machine looks like slower software."
        )
    fewest = min(len(row.result["blocks"]) for row in (*before, *after))
    if fewest < LEAST_PROCESSES:
        yield (
            "One process of each device and precision says nothing of how processes differ, so "
            "nothing is judged: measure both without --quick."
        )
    elif fewest < ENOUGH_PROCESSES:
        yield (
            f"{fewest} processes of each device and precision are few, and a change of a tenth may "
            "be missed: measure both with the default --rounds."
        )
    for name, rows in (("first", before), ("second", after)):
        parts = [is_undisturbed(part) for row in rows for part in row.slices]
        if parts.count(False) > _MUCH_DISTURBED * len(parts):
            yield (
                f"Others kept more than {BUSY_CORES:g} of a core busy in {parts.count(False)} of "
                f"{len(parts)} slices of the {name} run, which are left out: measure again on an "
                "idle machine."
            )


def _median_ms(row: Row) -> float:
    """The median slice: of those that were not disturbed, where there are any."""
    return float(median(part["median_ms"] for part in _undisturbed([row])))


def _machine_ratio(before: Sequence[Row], after: Sequence[Row]) -> float:
    """How much longer matrix products took beside the second run's slices."""
    old, new = (
        median(part["reference_ms"] for part in _undisturbed(rows)) for rows in (before, after)
    )
    return new / old


def _undisturbed(rows: Iterable[Row]) -> list[Mapping[str, float]]:
    parts = [part for row in rows for part in row.slices]
    return [part for part in parts if is_undisturbed(part)] or parts


def _listed(rows: Mapping[Key, Row]) -> str:
    return ", ".join(dict.fromkeys(row.name for row in rows.values())) or "nothing"
