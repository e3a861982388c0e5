"""What a preparation kept, left out and noticed, by name and by count."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from mol_edge.errors import InputError
from training.data.atomic import write_text

Reason = Literal[
    "wrong_layout",
    "no_sheet",
    "no_row",
    "no_folder",
    "bad_row",
    "duplicate",
    "label_outside",
    "too_few_frames",
    "unreadable_frame",
    "no_landmarks",
    "bad_landmarks",
    "one_clip_subject",
    "missing_frames",
    "foreign_file",
]

MEANING: dict[Reason, str] = {
    "wrong_layout": "a folder that is not where, or not named as, the layout has it",
    "no_sheet": "no coding sheet",
    "no_row": "a clip folder that the coding sheet does not list",
    "no_folder": "a row of the coding sheet without a clip folder",
    "bad_row": "a row of the coding sheet without a usable onset and offset",
    "duplicate": "a clip that was already read from elsewhere",
    "label_outside": "an emotion outside the class set",
    "too_few_frames": "fewer than 8 frames",
    "unreadable_frame": "a frame that cannot be read whole",
    "no_landmarks": "a frame without landmarks",
    "bad_landmarks": "landmarks that no face can have",
    "one_clip_subject": "a subject with one clip (kept; its fold tests on that clip alone)",
    "missing_frames": "frames between onset and offset that are not there (clip kept)",
    "foreign_file": "pictures not named as this set names frames (not read)",
}


@dataclass(frozen=True)
class Finding:
    """One thing left out, or noticed where it was kept.

    Attributes:
        reason: key of `MEANING`.
        name: the clip, folder, row or subject.
        detail: what was expected and what came.
        left_out: whether data was left out because of it.
    """

    reason: Reason
    name: str
    detail: str
    left_out: bool = True


class LeftOut(Exception):
    """A clip cannot be prepared; holds the finding that says why."""

    def __init__(self, reason: Reason, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.finding = Finding(reason, name, detail)


@dataclass
class Report:
    """Collects findings while a set is read and prepared.

    Attributes:
        dataset: name of the set.
        layout: its folder layout.
        prepared: clips in the cache at the end, with those of an earlier run.
        reused: how many of them an earlier run had left there.
        samples: clips of 8 frames that they give.
        findings: what was left out or noticed, in the order it was met.
    """

    dataset: str
    layout: str
    prepared: int = 0
    reused: int = 0
    samples: int = 0
    findings: list[Finding] = field(default_factory=list)

    def leave_out(self, reason: Reason, name: str, detail: str) -> None:
        """Record that something is left out."""
        self.findings.append(Finding(reason, name, detail))

    def note(self, reason: Reason, name: str, detail: str) -> None:
        """Record something worth knowing about data that is kept."""
        self.findings.append(Finding(reason, name, detail, left_out=False))

    def fatal(self, reason: Reason, name: str, detail: str) -> InputError:
        """Record what stops the whole preparation; the error is for the caller to raise."""
        self.leave_out(reason, name, detail)
        return InputError(detail)

    def counts(self, left_out: bool = True) -> dict[Reason, int]:
        """How often each reason came up, most frequent first."""
        found = Counter(f.reason for f in self.findings if f.left_out == left_out)
        return dict(found.most_common())

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON holds it."""
        return {
            "dataset": self.dataset,
            "layout": self.layout,
            "prepared": self.prepared,
            "reused": self.reused,
            "samples": self.samples,
            "left_out": self.counts(left_out=True),
            "noted": self.counts(left_out=False),
            "findings": [asdict(finding) for finding in self.findings],
        }

    def text(self) -> str:
        """The report for people: totals, then every finding by name."""
        lines = [
            f"{self.dataset}, {self.layout} layout: {self.prepared} clips prepared "
            f"({self.reused} of them by an earlier run), {self.samples} samples of 8 frames."
        ]
        for left_out, title in ((True, "Left out"), (False, "Noted")):
            for reason, count in self.counts(left_out).items():
                lines += ["", f"{title}: {count} × {MEANING[reason]} [{reason}]"]
                lines += [
                    f"  {f.name}: {f.detail}"
                    for f in self.findings
                    if f.reason == reason and f.left_out == left_out
                ]
        return "\n".join(lines) + "\n"

    def write(self, folder: Path) -> None:
        """Write `report.json` and `report.txt`."""
        write_text(folder / "report.json", json.dumps(self.as_dict(), indent=1) + "\n")
        write_text(folder / "report.txt", self.text())
