"""Compare the results of one source from two machines; exit code 1 where they differ too much.

    python scripts/aarch64_compare.py THIS/results.jsonl OTHER/results.jsonl

Landmarks may differ by 0.01 pixels, the last digit that is written, probabilities by 1e-3; which
frames have a face, a window or an event, and with which label, may not differ at all.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LANDMARKS_PX, PROBABILITY, FLOW_PX = 0.01, 1e-3, 1e-2
# Both numbers are rounded to the same digits, whose difference is not exact in binary.
_ROUNDING = 1e-9

Record = dict[str, Any]


class Comparison:
    """The largest differences of two runs, and where they are not alike at all."""

    def __init__(self) -> None:
        self.differences: dict[str, list[float]] = {
            "landmarks": [],
            "probabilities": [],
            "flow": [],
        }
        self.unlike: list[str] = []

    def numbers(self, kind: str, here: Any, there: Any) -> None:
        """Add the differences of two lists of numbers, nested to any depth."""
        pairs = list(zip(_flat(here), _flat(there), strict=True))
        self.differences[kind] += [abs(one - other) for one, other in pairs]

    def same(self, where: str, here: object, there: object) -> bool:
        """Note where two things differ that must be alike."""
        if here != there:
            self.unlike.append(f"{where}: {here} here, {there} there")
        return here == there

    def frame(self, here: Record, there: Record) -> None:
        """Compare two lines of frames."""
        where = f"frame {here['index']}"
        if not self.same(f"{where}, faces", len(here["faces"]), len(there["faces"])):
            return
        for one, other in zip(here["faces"], there["faces"]):
            for key in ("state", "window_state", "new_segment", "reanchored"):
                self.same(f"{where}, {key}", one[key], other[key])
            for key in ("landmarks", "flow", "window"):
                if not self.same(f"{where}, {key}", one[key] is None, other[key] is None):
                    return
            if one["landmarks"] is not None:
                self.numbers("landmarks", one["landmarks"], other["landmarks"])
            if one["flow"] is not None:
                self.numbers("flow", list(one["flow"].values()), list(other["flow"].values()))
            if one["window"] is not None:
                self.same(f"{where}, samples", one["window"]["samples"], other["window"]["samples"])
                self._classes(where, one["window"], other["window"])

    def event(self, here: Record, there: Record) -> None:
        """Compare two lines of events."""
        where = f"event at frame {here['frame']}"
        for key in ("event", "onset", "apex", "offset", "region"):
            self.same(f"{where}, {key}", here[key], there[key])
        if here["probabilities"] and there["probabilities"]:
            self._classes(where, here, there)

    def _classes(self, where: str, here: Record, there: Record) -> None:
        one, other = here["probabilities"], there["probabilities"]
        self.same(f"{where}, classes", list(one), list(other))
        self.numbers("probabilities", list(one.values()), list(other.values()))
        # Two classes that are equally likely may change places.
        first, second = sorted(one.values())[-1:-3:-1]
        if first - second > 2 * PROBABILITY:
            self.same(f"{where}, label", here["label"], there["label"])


def compare(here: list[Record], there: list[Record]) -> Comparison:
    """All lines of two files."""
    comparison = Comparison()
    kinds = [[line["kind"] for line in lines] for lines in (here, there)]
    if comparison.same("lines", *kinds):
        for one, other in zip(here, there):
            if one["kind"] == "frame":
                comparison.frame(one, other)
            elif one["kind"] == "event":
                comparison.event(one, other)
    return comparison


def _flat(values: Any) -> Iterator[float]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        else:
            yield value


def _read(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def report(comparison: Comparison) -> bool:
    """Print the figures; whether the two agree."""
    allowed = {"landmarks": LANDMARKS_PX, "probabilities": PROBABILITY, "flow": FLOW_PX}
    agree = not comparison.unlike
    for kind, values in comparison.differences.items():
        if not values:
            print(f"{kind}: nothing to compare")
            agree = False
            continue
        largest, mean = max(values), sum(values) / len(values)
        within = largest <= allowed[kind] + _ROUNDING
        agree = agree and within
        print(
            f"{kind}: {len(values)} numbers differ by {largest:.2g} at most, {mean:.2g} in mean; "
            f"{allowed[kind]:g} is allowed{'' if within else ': TOO MUCH'}"
        )
    for line in comparison.unlike[:10]:
        print(f"unlike: {line}")
    return agree


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("here", type=Path)
    parser.add_argument("there", type=Path)
    given = parser.parse_args()
    return 0 if report(compare(_read(given.here), _read(given.there))) else 1


if __name__ == "__main__":
    sys.exit(main())
