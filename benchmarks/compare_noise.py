"""How often `mol-edge benchmark compare` is wrong on a machine, from reports recorded there.

    python -m benchmarks.compare_noise REPORT.json… [--pairs 200] [--slower 1.1]

Two reports are drawn at a time: each result's processes at random, with replacement, from those of
all the reports given, whole processes at once, so that what modes of a process share is kept. One
of a pair is slowed in all modes by `--slower`, or not. Told is how often `compare` calls one
slower. Beside that, every two of the given reports are compared as they are.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mol_edge.benchmark.compare import compare
from mol_edge.benchmark.report import Report


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, compare, print."""
    given = _parser().parse_args(arguments)
    reports = [Report.read(path) for path in given.reports]
    for before, after in itertools.combinations(range(len(reports)), 2):
        found = compare(reports[before], reports[after])
        verdicts = [each.verdict for each in found.findings]
        counts = {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))}
        print(f"{given.reports[before].name} and {given.reports[after].name}: {counts}")
    random = np.random.default_rng(0)
    for factor in (1.0, given.slower):
        slower = sum(called_slower(reports, factor, random) for _ in range(given.pairs))
        print(f"slowed {factor:g} times: {slower} of {given.pairs} pairs called slower")


def called_slower(reports: Sequence[Report], factor: float, random: np.random.Generator) -> bool:
    """Whether a drawn pair, the second slowed by a factor, is called slower."""
    before, after = (drawn(reports, each, random) for each in (1.0, factor))
    return bool(compare(before, after).regressions)


def drawn(reports: Sequence[Report], factor: float, random: np.random.Generator) -> Report:
    """A report like the first, with processes drawn from all of them and slowed by a factor."""
    content: dict[str, Any] = json.loads(json.dumps(reports[0].content))
    for at, configuration in enumerate(content["configurations"]):
        sources = [report.configurations[at]["results"] for report in reports]
        count = content["settings"]["rounds"]
        picks = [(int(random.integers(len(sources))), float(random.random())) for _ in range(count)]
        for index, result in enumerate(configuration["results"]):
            if result["status"] == "measured":
                result["blocks"] = [
                    _slowed(_pick(sources[source][index]["blocks"], share), factor)
                    for source, share in picks
                ]
    return Report.from_json(content)


def _pick(blocks: Sequence[dict[str, Any]], share: float) -> dict[str, Any]:
    return blocks[int(share * len(blocks))]


def _slowed(block: dict[str, Any], factor: float) -> dict[str, Any]:
    latency = {name: value * factor for name, value in block["latency_ms"].items()}
    return {**block, "latency_ms": latency}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare_noise", description=__doc__)
    parser.add_argument("reports", type=Path, nargs="+")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--slower", type=float, default=1.1)
    return parser


if __name__ == "__main__":
    main()
