"""Two reports held against each other: what became slower, beyond noise and the machine's mood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import fmean, median
from typing import Any, Literal

from mol_edge.benchmark.differences import Differences, find_differences
from mol_edge.benchmark.noise import Change, Sample, holm, judge
from mol_edge.benchmark.probe import UNAVAILABLE
from mol_edge.benchmark.report import Report
from mol_edge.benchmark.rows import BUSY_CORES, Row, measured_rows
from mol_edge.errors import InputError, OptionError

Verdict = Literal["slower", "faster", "same", "unclear"]

LEAST_CHANGE = 0.05
_LEVEL = 0.02
_LEAST_PROCESSES = 2
_LEAST_SLOWNESS = 1.25
"""Matrix products this much slower than usual in a run say that a process was disturbed."""
# A worse figure than by this part of itself is told: the same bundle computes the same.
_LEAST_LOSS = 0.02


@dataclass(frozen=True)
class Finding:
    """One mode and pace of one device and precision, or all of them, in both reports.

    Attributes:
        name: device and precision.
        what: mode and pace in words, or ``all together``.
        before_ms, after_ms: median latencies; of all together their geometric mean.
        change: how much slower, with its bounds; None where too little is left to judge by.
        verdict: ``slower`` or ``faster``: beyond noise and by the least change or more; ``same``:
            surely less than that; ``unclear``: the noise is too large to tell.
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
        findings: one for each result that both have, and one for all of a device and precision.
        differences: what else differs: machine, bundle, settings, versions.
        machine_ratio: how much slower small matrix products were in the second run; None where
            nothing tells.
        losses: accuracy that became worse, a sentence each.
        only_before, only_after: results that one report alone has.
    """

    findings: tuple[Finding, ...]
    differences: Differences
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

    The medians of processes are compared (`mol_edge.benchmark.noise`), without those during which
    others kept more than 0.15 of a core busy or matrix products were a quarter slower than is
    usual in that run; all results together are called wrongly slower
    in at most 2% of comparisons (Holm). What is slower no more than the machine's own matrix
    products are in that run is not called slower.

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
    old, new = _by_key(before), _by_key(after)
    common = [key for key in old if key in new]
    if not common:
        raise InputError(
            "Two reports must have a device, precision and mode in common, and these have "
            f"{_listed(old)} and {_listed(new)}: measure the same again."
        )
    pairs = [(old[key], new[key]) for key in common]
    ratio = _machine_ratio(*zip(*pairs))
    items = [_item(pair) for pair in pairs]
    for name in dict.fromkeys(before.name for before, _ in pairs):
        mine = [pair for pair in pairs if pair[0].name == name]
        items += [_together(name, mine)] if len(mine) > 1 else []
    changes = _changes([item.sample for item in items])
    verdicts = _verdicts(changes, least_change, ratio)
    return Comparison(
        findings=tuple(
            Finding(item.name, item.what, item.before_ms, item.after_ms, change, verdict)
            for item, change, verdict in zip(items, changes, verdicts)
        ),
        differences=find_differences(before, after),
        machine_ratio=ratio,
        losses=tuple(_losses(before, after)),
        only_before=tuple(f"{old[key].name}, {old[key].what}" for key in old if key not in new),
        only_after=tuple(f"{new[key].name}, {new[key].what}" for key in new if key not in old),
    )


Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class _Judged(Row):
    """A result, with the time of a matrix product from which on a process was disturbed."""

    limit_ms: float


def _by_key(report: Report) -> dict[Key, _Judged]:
    rows = measured_rows(report)
    limit_ms = _LEAST_SLOWNESS * _usual_reference_ms(rows) if rows else 0.0
    return {
        (
            row.configuration["device"], row.configuration["precision"],
            row.result["mode"], row.result["pace"],
        ): _Judged(row.configuration, row.result, limit_ms)
        for row in rows
    }  # fmt: skip


@dataclass(frozen=True)
class _Item:
    """Something to judge, with the processes to judge it by."""

    name: str
    what: str
    before_ms: float
    after_ms: float
    sample: Sample | None


Pair = tuple[_Judged, _Judged]


def _item(pair: Pair) -> _Item:
    before, after = pair
    sides = [list(_undisturbed(row).values()) for row in pair]
    return _Item(before.name, before.what, _median(before), _median(after), _sample(*sides))


def _together(name: str, pairs: Sequence[Pair]) -> _Item:
    """All results of a device and precision as one, a mean for each process.

    What slows everything by a little shows here first: noise that results do not share averages
    out. Logarithms are taken against each result's mean, so that one that a process lacks, since
    it was disturbed, does not shift the others.
    """
    sides: list[dict[int, list[float]]] = [{}, {}]
    for pair in pairs:
        logs = [{at: log(ms) for at, ms in _undisturbed(row).items()} for row in pair]
        if not all(logs):
            continue
        middle = fmean(fmean(side.values()) for side in logs)
        for side, into in zip(logs, sides):
            for at, value in side.items():
                into.setdefault(at, []).append(value - middle)
    means = [[exp(fmean(values)) for values in side.values()] for side in sides]
    before, after = (exp(fmean(log(_median(pair[at])) for pair in pairs)) for at in (0, 1))
    return _Item(name, "all together", before, after, _sample(*means))


def _undisturbed(row: _Judged) -> dict[int, float]:
    """Medians of those processes that had the machine to themselves, by their number."""
    return {
        at: block["latency_ms"]["median"]
        for at, block in enumerate(row.result["blocks"])
        if block["reference_ms"] <= row.limit_ms
        and (block["other_cores"] == UNAVAILABLE or block["other_cores"] <= BUSY_CORES)
    }


def _sample(before: Sequence[float], after: Sequence[float]) -> Sample | None:
    """A sample, or None where too few processes are left."""
    enough = min(len(before), len(after)) >= _LEAST_PROCESSES
    return Sample(before, after) if enough else None


def _changes(samples: Sequence[Sample | None]) -> list[Change | None]:
    found = iter(judge([sample for sample in samples if sample is not None]))
    return [None if sample is None else next(found) for sample in samples]


def _verdicts(
    changes: Sequence[Change | None], least: float, machine: float | None
) -> list[Verdict]:
    known = [change for change in changes if change is not None]
    slower = iter(holm([change.slower for change in known], _LEVEL))
    faster = iter(holm([change.faster for change in known], _LEVEL))
    verdicts: list[Verdict] = []
    for change in changes:
        if change is None:
            verdicts.append("unclear")
            continue
        # Held against the machine's own speed too, whichever of the two says less.
        own = change.ratio / (machine or 1.0)
        is_slower, is_faster = next(slower), next(faster)
        if is_slower and min(change.ratio, own) >= 1 + least:
            verdicts.append("slower")
        elif is_faster and max(change.ratio, own) <= 1 / (1 + least):
            verdicts.append("faster")
        elif change.high < 1 + 2 * least and change.low > 1 / (1 + 2 * least):
            verdicts.append("same")
        else:
            verdicts.append("unclear")
    return verdicts


def _machine_ratio(before: Sequence[Row], after: Sequence[Row]) -> float | None:
    """How much longer matrix products took beside the second run's measurements."""
    return _usual_reference_ms(after) / _usual_reference_ms(before)


def _usual_reference_ms(rows: Sequence[Row]) -> float:
    """The lower quartile: what disturbs products makes them longer, never shorter."""
    values = sorted(block["reference_ms"] for row in rows for block in row.result["blocks"])
    return float(values[len(values) // 4])


def _losses(before: Report, after: Report) -> list[str]:
    """Accuracy that is worse than it was, for the same device and precision."""
    old = {(each["device"], each["precision"]): each["accuracy"] for each in before.configurations}
    found = []
    for each in after.configurations:
        was, now = old.get((each["device"], each["precision"])), each["accuracy"]
        if was is not None and now is not None:
            name = f"{each['device']} {each['precision']}"
            found += [f"{name}: {text}" for text in _worse(was, now)]
    return found


def _worse(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    found = []
    if now["agreement"] < was["agreement"]:
        found.append(
            f"{100 * now['agreement']:.0f}% get PyTorch's class, {100 * was['agreement']:.0f}% did"
        )
    for name, words in (("nme", "the landmarks' NME"), ("epe", "the flow's EPE")):
        old, new = was[name], now[name]
        if old and new and new > (1 + _LEAST_LOSS) * old:
            found.append(f"{words} rose from {old:.4g} to {new:.4g}")
    return found


def _median(row: _Judged) -> float:
    """The median process: of those that were not disturbed, where there are any."""
    values = list(_undisturbed(row).values())
    return float(
        median(values or [block["latency_ms"]["median"] for block in row.result["blocks"]])
    )


def _listed(rows: Mapping[Key, Row]) -> str:
    return ", ".join(dict.fromkeys(row.name for row in rows.values())) or "nothing"
